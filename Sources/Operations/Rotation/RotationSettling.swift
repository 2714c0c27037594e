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
        let (unit, now) = (run.spec.apiServer.unit, run.effects.now())
        let nodes = run.nodes.filter { node in open.contains { $0.name == node.name } }
        let results = await onEachNode(nodes) { node in
            let transport = try run.link(node).node
            let transaction = try NodeTransaction.begin(
                unit: unit, paths: [], madeDirectories: [], wasServing: true, baseDigests: [:], now: now,
                on: transport)
            try transaction.restore(unit: unit)
            try transaction.drop(unit: unit)
        }
        _ = try ControlPlanes.values(nodes, results)
        course.putBack()
        context.say(.preflight(.undone(nodes: open.map(\.name))))
        return try await run.controlPlanes.observe()
    }
}
