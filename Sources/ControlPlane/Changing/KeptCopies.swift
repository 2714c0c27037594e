// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Spec

// Copies that a node keeps, keys among them, and that are no open change.
extension NodeTransaction {
    /// Destroys what the node keeps of earlier changes, copies of keys among it; done again where it was interrupted.
    package static func forget(unit: String, on node: any NodeTransport) throws {
        let store = store(unit: unit)
        guard try open(unit: unit, on: node) == nil, try node.status(store) != nil else { return }
        try node.removeTree(store)
        try node.removeEmptyDirectory(AtomicFileWriter.split(store).directory)
    }

    /// Destroys the copies of the last change, and those that a killed run has begun to make.
    package static func forgetCopies(unit: String, on node: any NodeTransport) throws {
        for path in [previousStore(unit: unit)] + unbegun(unit: unit) { try node.removeTree(path) }
    }

    /// Where copies lie that a killed run has begun to make, before a file was changed: keys may be among them.
    static func unbegun(unit: String) -> [String] {
        let unfinished = "\(store(unit: unit))/transaction.unfinished"
        return [AtomicFileWriter.temporary(for: unfinished), unfinished]
    }

    /// What an observation asks for.
    static func observed(unit: String) -> [String] { manifests(unit: unit) + unbegun(unit: unit) }

    /// Whether some lie there.
    static func hasUnbegun(_ spec: ClusterSpec, on node: any NodeTransport) throws -> Bool {
        try unbegun(unit: spec.apiServer.unit).contains { try node.status($0) != nil }
    }

    /// Destroys those; called under the node's lock, since another run may be making its own.
    package static func forgetUnbegun(unit: String, on node: any NodeTransport) throws {
        let store = store(unit: unit)
        for path in unbegun(unit: unit) { try node.removeTree(path) }
        guard try node.status(store) != nil else { return }
        try node.removeEmptyDirectory(store)
        try node.removeEmptyDirectory(AtomicFileWriter.split(store).directory)
    }
}
