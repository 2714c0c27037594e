// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import Planning
import Proofs
import StateStore

/// Where what is wanted of the nodes comes from, and how one sees that they have it.
protocol ChangePlanner: Sendable {
    /// Observes and plans; changes nothing.
    func prepare(_ run: Run) async throws -> Preparation

    /// Called under all locks, before the first change.
    func begun(_ preparation: Preparation, in run: Run) throws

    /// Makes every proof of the change; changes nothing.
    func prove(_ preparation: Preparation, in run: Run) async throws -> [NodeProofs]

    /// Called under the state's lock, when the change has failed, or has been proved and shown.
    func ended(_ preparation: Preparation, _ outcome: ApplyOutcome, in run: Run) async throws
}

/// The spec says what is wanted.
struct SpecPlanner: ChangePlanner {
    func prepare(_ run: Run) async throws -> Preparation { try await prepare(run, observed: nil) }

    /// - Parameter observed: what was seen a moment ago, under locks that are still held; nil to look now.
    func prepare(_ run: Run, observed seen: [ObservedNode]?) async throws -> Preparation {
        var inventory = try run.readState()
        let external = run.request.options.stage == nil ? try run.externalDecision(inventory) : nil
        if let external { inventory = external.inventory }
        var observed = seen ?? []
        if seen == nil { observed = try await run.observeForPlan() }
        var plan = Planner.plan(
            run.spec, inventory: inventory, nodes: observed, now: run.effects.now(),
            options: run.request.options)
        plan.refusals = (external?.refusals ?? []) + plan.refusals
        plan.notices = (external?.notices ?? []) + plan.notices
        try run.checkKeys(of: plan, inventory, observed)
        let peers = try await run.complete(&plan, inventory, observed)
        return Preparation(inventory: inventory, observed: observed, plan: plan, peers: peers)
    }

    /// Ends a roll-back that was not brought to the end.
    func begun(_ preparation: Preparation, in run: Run) throws {
        if try RollbackRecord.read(run.state) != nil { try RollbackRecord.remove(run.state) }
    }

    func prove(_ preparation: Preparation, in run: Run) async throws -> [NodeProofs] {
        // Where nothing has changed, what was seen a moment ago still holds.
        try await run.controlPlanes.prove(preparation.plan.isEmpty ? preparation.observed : nil)
    }

    func ended(_ preparation: Preparation, _ outcome: ApplyOutcome, in run: Run) {}
}
