// SPDX-License-Identifier: Apache-2.0

import ClusterPlan
import NodeAccess

extension Run {
    /// Observes every node and plans how each gets back what its last change replaced; changes nothing.
    package func prepareRollback() async throws -> Preparation {
        let inventory = try readState()
        let record = try RollbackRecord.read(state)
        let observed = try await withPrevious(try await observe())
        var rollback = RollbackPlanner.plan(
            spec, inventory: inventory, nodes: observed, unfinished: record?.direction,
            options: request.options)
        rollback.plan.refusals += try judge(rollback.targets, observed, inventory)
        let peers = try await complete(&rollback.plan, observed)
        return Preparation(
            inventory: inventory, observed: observed, plan: rollback.plan, peers: peers, rollback: rollback)
    }

    private func withPrevious(_ observed: [ObservedNode]) async throws -> [ObservedNode] {
        let results = await onEachNode(nodes) { node -> PreviousFiles? in
            // Once a roll-back is done, what it went back to is put away next, and may be half gone.
            let isDone = observed.first { $0.name == node.name }?.transaction?.isDone ?? false
            guard !isDone else { return nil }
            return try PreviousReader(spec: spec, node: try link(node).node, reader: reader).read()
        }
        var observed = observed
        for (node, result) in zip(nodes, results) {
            guard let index = observed.firstIndex(where: { $0.name == node.name }) else { continue }
            do { observed[index].previous = try result.get() } catch { throw Self.located(error, on: node) }
        }
        return observed
    }

    private func judge(
        _ targets: [RollbackPlanner.Target], _ observed: [ObservedNode], _ inventory: StateInventory
    ) throws -> [Refusal] {
        let now = effects.now()
        return try targets.flatMap { target -> [Refusal] in
            guard let node = nodes.first(where: { $0.name == target.node }),
                let seen = observed.first(where: { $0.name == target.node })
            else { return [] }
            return try RollbackJudge(
                target: target, observed: seen, node: try link(node).node, reader: reader,
                compromised: inventory.compromised, now: now
            ).refusals()
        }
    }
}
