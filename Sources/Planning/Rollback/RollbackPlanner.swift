// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// Decides how the nodes get back what their last change replaced.
///
/// A node that has been rolled back is left alone while another one still must be; where all have been, the next
/// roll-back goes forward again.
package enum RollbackPlanner {
    /// What a node is to have afterwards, for what must be judged with its certificates and proved at the end.
    package struct Target: Sendable, Equatable {
        package var node: String
        /// Every path that the last change touched, those that are right already too.
        package var entries: [PreviousFiles.Entry]
        /// The API server's command line afterwards, aggregation flags alone; nil where the unit is not known.
        package var flags: EffectiveFlags?
        /// Whether the trust, the pair or the flags that name them become others.
        package var changesPair: Bool
        /// Whether nothing comes back, and the layer is taken away.
        package var isRemoval: Bool

        package init(
            node: String, entries: [PreviousFiles.Entry], flags: EffectiveFlags?, changesPair: Bool,
            isRemoval: Bool = false
        ) {
            self.isRemoval = isRemoval
            self.node = node
            self.entries = entries
            self.flags = flags
            self.changesPair = changesPair
        }
    }

    /// The plan, and what it is to lead to.
    package struct Result: Sendable, Equatable {
        package var plan: Plan
        package var targets: [Target]
        package var direction: ChangeCause
    }

    /// - Parameter unfinished: which way an earlier roll-back goes that has not ended; nil where there is none.
    package static func plan(
        _ spec: ClusterSpec, inventory: StateInventory, nodes: [ObservedNode], unfinished: ChangeCause?,
        options: Planner.Options = .init()
    ) -> Result {
        let direction = direction(nodes, unfinished)
        var plan = Plan(cluster: spec.cluster, issues: [], nodes: [], refusals: [], notices: [])
        var targets: [Target] = []
        for node in nodes {
            guard let nodeSpec = spec.nodes.first(where: { $0.name == node.name }) else { continue }
            let base = NodePlanner(spec: spec, nodeSpec: nodeSpec, node: node, options: options)
            var planner = RollbackNodePlanner(base: base, inventory: inventory, direction: direction)
            planner.plan()
            plan.nodes.append(planner.result)
            plan.refusals += planner.base.refusals
            plan.notices += planner.base.notices
            targets += planner.target.map { [$0] } ?? []
        }
        let off = targets.filter { $0.changesPair && $0.flags?.lacksAggregation == true }.map(\.node)
        if !off.isEmpty {
            plan.notices.append(
                Notice(
                    code: "rollback/off", node: nil,
                    message:
                        "the aggregation layer is off on \(list: off) afterwards: extension APIs, such as "
                        + "that of metrics-server, do not work there"))
        }
        if plan.refusals.isEmpty, nodes.allSatisfy({ $0.previous == nil && $0.transaction == nil }) {
            plan.refusals.append(nothingToGoBackTo(nodes))
        }
        return Result(plan: plan, targets: targets, direction: direction)
    }

    private static func direction(_ nodes: [ObservedNode], _ unfinished: ChangeCause?) -> ChangeCause {
        if let unfinished { return unfinished }
        if let open = nodes.compactMap(\.transaction?.cause).first(where: { $0 != .spec }) { return open }
        let causes = nodes.compactMap(\.previous?.cause)
        return !causes.isEmpty && causes.allSatisfy { $0 == .back } ? .forward : .back
    }

    private static func nothingToGoBackTo(_ nodes: [ObservedNode]) -> Refusal {
        Refusal(
            code: "rollback/nothing", node: nil,
            message: "there is nothing to roll back: no change of "
                + "\(list: nodes.map(\.name)) is recorded there",
            hint:
                "each node keeps what the last init, rotate or rollback replaced; rotate --ca and uninstall remove those copies"
        )
    }
}
