// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Planning
import Values

/// Which way a roll-back goes, and the nodes that it has not come to an end on; in the state directory from before its
/// first change.
///
/// Without it, a roll-back that was killed after its last node would go forward when it is run again.
package struct RollbackRecord: Sendable {
    package var direction: ChangeCause
    package var nodes: [String]

    package init(direction: ChangeCause, nodes: [String]) {
        self.direction = direction
        self.nodes = nodes
    }

    static func path(_ state: StateDirectory) -> String { "\(state.path)/rollback" }

    /// nil where no roll-back is under way.
    package static func read(_ state: StateDirectory) throws -> RollbackRecord? {
        guard let bytes = try FileReader.read(path(state)) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        guard let direction = lines.first.flatMap(ChangeCause.init(rawValue:)), direction != .spec else {
            throw state.damaged(path(state), "its first line is neither back nor forward")
        }
        return RollbackRecord(direction: direction, nodes: Array(lines.dropFirst()))
    }

    package func write(_ state: StateDirectory) throws {
        let lines = [direction.rawValue] + nodes
        try AtomicFileWriter.write(
            Self.path(state), .text(lines.map { $0 + "\n" }.joined()), mode: 0o644, owner: state.fileOwner())
    }

    package static func remove(_ state: StateDirectory) throws { try AtomicFileWriter.remove(path(state)) }
}
