// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import Planning
import Proofs
import Spec
import StateStore

/// What each node kept of before its last change says what is wanted.
struct KeptFilesPlanner: ChangePlanner {
    func prepare(_ run: Run) async throws -> Preparation {
        let inventory = try run.readState()
        let record = try RollbackRecord.read(run.state)
        let observed = try await withPrevious(try await run.observeForPlan(), run)
        var rollback = RollbackPlanner.plan(
            run.spec, inventory: inventory, nodes: observed, unfinished: record?.direction,
            options: run.request.options)
        if let refusal = OlderState.refusal(run.spec, inventory: inventory, nodes: observed) {
            rollback.plan.refusals.insert(refusal, at: 0)
        }
        rollback.plan.refusals += try judge(rollback.targets, observed, inventory, run)
        let peers = try await run.complete(&rollback.plan, inventory, observed)
        return Preparation(
            inventory: inventory, observed: observed, plan: rollback.plan, peers: peers, rollback: rollback)
    }

    /// Writes down what is begun.
    func begun(_ preparation: Preparation, in run: Run) throws {
        guard let rollback = preparation.rollback else { return }
        let begun = preparation.plan.nodes.filter { !$0.isEmpty }.map(\.name)
        let known = try RollbackRecord.read(run.state)?.nodes ?? []
        try RollbackRecord(
            direction: rollback.direction, nodes: known + begun.filter { !known.contains($0) }
        ).write(run.state)
    }

    func prove(_ preparation: Preparation, in run: Run) async throws -> [NodeProofs] {
        try await run.controlPlanes.proveRollback(to: preparation.rollback?.targets ?? [])
    }

    /// Crosses out the nodes that have what they were to have.
    func ended(_ preparation: Preparation, _ outcome: ApplyOutcome, in run: Run) throws {
        guard var record = try RollbackRecord.read(run.state) else { return }
        var open: Set<String> = []
        for (name, result) in outcome.nodes {
            switch result {
            case .unchanged, .changed: continue
            case .failed, .untouched, .notBegun, .takenBack: open.insert(name)
            }
        }
        let seen = Set(preparation.observed.map(\.name))
        record.nodes.removeAll { seen.contains($0) && !open.contains($0) }
        if record.nodes.isEmpty { try RollbackRecord.remove(run.state) } else { try record.write(run.state) }
    }

    private func withPrevious(_ observed: [ObservedNode], _ run: Run) async throws -> [ObservedNode] {
        let results = await onEachNode(run.nodes) { node -> PreviousFiles? in
            // Once a roll-back is done, what it went back to is put away next, and may be half gone.
            let isDone = observed.first { $0.name == node.name }?.transaction?.isDone ?? false
            guard !isDone else { return nil }
            return try PreviousReader(spec: run.spec, node: try run.link(node).node, reader: run.reader)
                .read()
        }
        var observed = observed
        for (node, result) in zip(run.nodes, results) {
            guard let index = observed.firstIndex(where: { $0.name == node.name }) else { continue }
            do { observed[index].previous = try result.get() } catch {
                throw ControlPlanes.located(error, on: node)
            }
        }
        return observed
    }

    private func judge(
        _ targets: [RollbackPlanner.Target], _ observed: [ObservedNode], _ inventory: StateInventory,
        _ run: Run
    ) throws -> [Refusal] {
        let now = run.effects.now()
        return try targets.flatMap { target -> [Refusal] in
            guard let node = run.nodes.first(where: { $0.name == target.node }),
                let seen = observed.first(where: { $0.name == target.node })
            else { return [] }
            return try RollbackJudge(
                target: target, observed: seen, node: try run.link(node).node, reader: run.reader,
                compromised: inventory.compromised, now: now
            ).refusals()
        }
    }
}

extension Change {
    /// What each node had before its last change.
    package static func back(_ run: Run) -> Change { Change(run, by: KeptFilesPlanner()) }
}
