// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits

/// Decides how the aggregation layer is taken away: flags, certificate files and nothing that this program did not write.
package enum UninstallPlan {
    /// The plan, and what it is to lead to.
    package struct Result: Sendable, Equatable {
        package var plan: Plan
        package var targets: [RollbackPlanner.Target]
    }

    /// - Parameter nodes: what was observed, in the order of the spec.
    package static func make(
        _ spec: ClusterSpec, inventory: StateInventory, nodes: [ObservedNode],
        options: Planner.Options = .init()
    ) -> Result {
        var plan = Plan(cluster: spec.cluster, issues: [], nodes: [], refusals: [], notices: [])
        var targets: [RollbackPlanner.Target] = []
        for node in nodes {
            guard let nodeSpec = spec.nodes.first(where: { $0.name == node.name }) else { continue }
            let base = NodePlanner(spec: spec, nodeSpec: nodeSpec, node: node, options: options)
            var planner = UninstallNodePlanner(base: base, inventory: inventory)
            planner.plan()
            plan.nodes.append(planner.result)
            plan.refusals += planner.base.refusals
            plan.notices += planner.base.notices
            targets += planner.target.map { [$0] } ?? []
        }
        if let refusal = OlderState.refusal(spec, inventory: inventory, nodes: nodes) {
            plan.refusals.insert(refusal, at: 0)
        }
        return Result(plan: plan, targets: targets)
    }
}
