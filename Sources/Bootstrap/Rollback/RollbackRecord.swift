// SPDX-License-Identifier: Apache-2.0

import ClusterPlan
import NodeAccess

/// Which way a roll-back goes, and the nodes that it has not come to an end on; in the state directory from before its
/// first change.
///
/// Without it, a roll-back that was killed after its last node would go forward when it is run again.
struct RollbackRecord {
    var direction: ChangeCause
    var nodes: [String]

    static func path(_ state: StateDirectory) -> String { "\(state.path)/rollback" }

    /// nil where no roll-back is under way.
    static func read(_ state: StateDirectory) throws -> RollbackRecord? {
        guard let bytes = try FileReader.read(path(state)) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        guard let direction = lines.first.flatMap(ChangeCause.init(rawValue:)), direction != .spec else {
            throw state.damaged(path(state), "its first line is neither back nor forward")
        }
        return RollbackRecord(direction: direction, nodes: Array(lines.dropFirst()))
    }

    func write(_ state: StateDirectory) throws {
        let lines = [direction.rawValue] + nodes
        try AtomicFileWriter.write(
            Self.path(state), .text(lines.map { $0 + "\n" }.joined()), mode: 0o644, owner: state.fileOwner())
    }

    static func remove(_ state: StateDirectory) throws { try AtomicFileWriter.remove(path(state)) }
}

extension Run {
    /// Writes down what is begun; an `init` ends a roll-back that was not brought to its end.
    func beginRollback(_ preparation: Preparation) throws {
        let earlier = try RollbackRecord.read(state)
        guard let rollback = preparation.rollback else {
            if earlier != nil { try RollbackRecord.remove(state) }
            return
        }
        let begun = preparation.plan.nodes.filter { !$0.isEmpty }.map(\.name)
        let known = earlier?.nodes ?? []
        try RollbackRecord(
            direction: rollback.direction, nodes: known + begun.filter { !known.contains($0) }
        ).write(state)
    }

    /// Crosses out the nodes that have what they were to have: the last thing that a roll-back does, after its result has
    /// been shown, under the state's lock.
    package func endRollback(_ preparation: Preparation, _ outcome: ApplyOutcome) throws {
        guard preparation.rollback != nil, var record = try RollbackRecord.read(state) else { return }
        var open: Set<String> = []
        for (name, result) in outcome.nodes {
            switch result {
            case .unchanged, .changed: continue
            case .failed, .untouched, .takenBack: open.insert(name)
            }
        }
        let seen = Set(preparation.observed.map(\.name))
        record.nodes.removeAll { seen.contains($0) && !open.contains($0) }
        if record.nodes.isEmpty { try RollbackRecord.remove(state) } else { try record.write(state) }
    }
}
