// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import Planning
import Spec

/// Puts back what a killed run left half done on a node.
struct RotationSettling: Sendable {
    let context: RotationContext
    private var run: Run { context.run }

    init(_ context: RotationContext) { self.context = context }

    /// Observes every node, after what a killed run left half done on one has been put back: at every stage the files of
    /// the stage before are still good, and with none of it open no later failure can go back further than its own stage.
    func settled(_ course: inout RotationCourse) async throws -> [ObservedNode] {
        try await settled(try await run.controlPlanes.observe(), &course)
    }

    /// - Parameter observed: what was seen a moment ago.
    func settled(
        _ observed: [ObservedNode], _ course: inout RotationCourse
    ) async throws -> [ObservedNode] {
        let open = observed.filter { $0.transaction != nil }
        guard !open.isEmpty else { return observed }
        try RotationPreflight(context).refuseRollback(open)
        let now = run.effects.now()
        let nodes = run.nodes.filter { node in open.contains { $0.name == node.name } }
        // One after the other: where flags were changed, an API server may have to be started again.
        for node in nodes {
            let results = await onEachNode([node]) { node in
                let progress = NodeProgress(node: node.name, send: run.effects.progress)
                try await InterruptedChange(
                    spec: run.spec, node: try run.link(node).node,
                    activator: try run.controlPlanes.activator(of: node, progress)
                ).takeBack(now: now)
            }
            _ = try ControlPlanes.values([node], results)
        }
        course.putBack()
        context.say(.preflight(.undone(nodes: open.map(\.name))))
        return try await run.controlPlanes.observe()
    }
}
