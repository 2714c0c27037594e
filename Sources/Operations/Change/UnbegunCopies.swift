// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import Planning
import Spec
import Values

/// Copies on control planes that a killed run had begun to make before it changed anything: keys may be among them. The
/// next change of that control plane would remove them, but there may be none.
struct UnbegunCopies {
    let run: Run

    init(_ run: Run) { self.run = run }

    /// Removes them where no other run holds the control plane, since these may be its own.
    func forget(_ observed: [ObservedNode]) async throws {
        for node in observed where node.hasUnbegunCopies {
            let locks: [any NodeLock]
            do { locks = try await run.controlPlanes.lock([node.name]) } catch let error
                where ErrorReport(error).status == .locked
            { continue }
            defer { for lock in locks { lock.release() } }
            try await forgetLocked([node])
        }
    }

    /// The same under the locks of all of them.
    func forgetLocked(_ observed: [ObservedNode]) async throws {
        let names = observed.filter(\.hasUnbegunCopies).map(\.name)
        let nodes = run.nodes.filter { names.contains($0.name) }
        guard !nodes.isEmpty else { return }
        let results = await onEachNode(nodes) { node in
            try NodeTransaction.forgetUnbegun(unit: run.spec.apiServer.unit, on: run.link(node).node)
        }
        _ = try ControlPlanes.values(nodes, results)
    }
}
