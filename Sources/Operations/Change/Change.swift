// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import Planning
import Proofs
import Spec
import StateStore
import Values

/// How a plan is made and applied: prepare, refuse, ask, lock, look again, issue, roll out, prove.
///
/// `init`, `rotate`, `rollback` and each stage of a CA's rotation are this, with another planner and other gates.
package struct Change: Sendable {
    package let run: Run
    let planner: any ChangePlanner
    /// What is looked at from outside while pairs change; nil where the API server's own word is enough.
    var witnessing: PairWitnessing?

    init(_ run: Run, by planner: any ChangePlanner, witnessing: PairWitnessing? = nil) {
        (self.run, self.planner, self.witnessing) = (run, planner, witnessing)
    }

    /// Every node as the spec says.
    package static func toSpec(_ run: Run) -> Change { Change(run, by: SpecPlanner()) }

    /// Goes through all steps, and tells `attendant` of each.
    /// - Throws: `Failure`, or what ended the run before there was a plan.
    @discardableResult
    package func perform(_ attendant: some ChangeAttendant) async throws -> Result {
        let lock = attendant.onlyPlans ? nil : try run.lockExisting()
        defer { withExtendedLifetime(lock) {} }
        let preparation = try await attendant.timed(.preparing) { try await prepare() }
        try attendant.show(preparation)
        do {
            if let refusal = preparation.refusal { throw refusal }
            try await check(preparation)
        } catch {
            throw Failure(cause: error, preparation: preparation)
        }
        var result = Result(preparation: preparation)
        guard !attendant.onlyPlans else { return result }
        if preparation.plan.isEmpty { try await UnbegunCopies(run).forget(preparation.observed) }
        if !preparation.plan.isEmpty {
            try run.checkPassphrase(for: preparation)
            do { try await run.requestSignatures(preparation, lock) } catch {
                throw Failure(cause: error, preparation: preparation)
            }
            try attendant.consent(to: preparation)
            result.outcome = try await attendant.timed(.applying) { try await apply(preparation, lock: lock) }
        }
        if let failure = result.outcome.failure {
            var cause = failure
            // What ended the run says more than what could not be noted of it.
            do { try await planner.ended(preparation, result.outcome, in: run) } catch {
                cause = BootstrapError(extending: failure, details: [ErrorReport(error).message])
            }
            throw Failure(cause: cause, preparation: preparation, outcome: result.outcome)
        }
        result.proofs = try await attendant.timed(.proving) { [result] in try await proofs(of: result) }
        do { try await planner.ended(preparation, result.outcome, in: run) } catch {
            guard result.outcome.hasChanged else { throw error }
            throw Failure(
                cause: BootstrapError(unended: error), preparation: preparation, outcome: result.outcome)
        }
        // Last: it says that all of it is done.
        try attendant.show(result)
        return result
    }

    private func proofs(of result: Result) async throws -> [NodeProofs] {
        do { return try await planner.prove(result.preparation, in: run) } catch {
            guard result.outcome.hasChanged else { throw error }
            throw Failure(
                cause: BootstrapError(unproven: error), preparation: result.preparation,
                outcome: result.outcome)
        }
    }

    /// Observes and plans; changes nothing.
    package func prepare() async throws -> Preparation { try await planner.prepare(run) }

    /// Sees that each kube-apiserver whose pair changes without a restart will notice that.
    /// - Throws: `rotation/not-watched`, `rotation/hard-link`.
    private func check(_ preparation: Preparation) async throws {
        guard witnessing != nil, run.access == .live else { return }
        let changed = Set(preparation.plan.nodes.filter { !$0.isEmpty }.map(\.name))
        try await run.controlPlanes.refuseUnwatched(
            run.nodes.filter { changed.contains($0.name) }, manyChanges: true)
    }

    /// Applies a plan: takes the nodes' locks, issues what is missing, then changes the nodes.
    /// - Returns: what became of each node; `failure` is set where one failed, after which no other is begun.
    /// - Throws: before the first node is changed.
    package func apply(_ preparation: Preparation, lock held: StateLock?) async throws -> ApplyOutcome {
        guard let witnessing, run.access == .live, !preparation.plan.isEmpty else {
            return try await applyLocking(preparation, held)
        }
        return try await witnessing.witnessed(run, preparation.observed) { run in
            try await Change(run, by: planner).applyLocking(preparation, held)
        }
    }

    private func applyLocking(_ preparation: Preparation, _ held: StateLock?) async throws -> ApplyOutcome {
        let locks = try await run.controlPlanes.lock(
            preparation.observed.map(\.name) + preparation.peers.filter(\.isReached).map(\.name))
        defer { for lock in locks { lock.release() } }
        let lock = try held ?? run.lockState()
        let tree = try lock.tree ?? run.lockTree(making: true)
        defer { withExtendedLifetime((lock, tree)) {} }
        var preparation = preparation
        if held == nil || run.controlPlanes.areRemote {
            preparation = try await unchanged(since: preparation)
        }
        return try await applyLocked(preparation, lock: lock)
    }

    /// As `apply`, of a plan that was made under all locks, by a caller who still holds them: nothing is looked at again.
    func applyLocked(_ preparation: Preparation, lock: StateLock) async throws -> ApplyOutcome {
        let now = run.effects.now()
        try lock.announce(now: now)
        try run.state.prepareForChange()
        try await UnbegunCopies(run).forgetLocked(preparation.observed)
        try run.issuer(at: now).closeStaleRequests(preparation.inventory)
        try planner.begun(preparation, in: run)
        let ledger = Ledger(state: run.state)
        let (plan, inventory) = try await issue(preparation, ledger, now)
        var outcome = ApplyOutcome()
        outcome.keysEncrypted = preparation.plan.encrypts.count
        outcome.issued = preparation.plan.issues.count
        let rollout = Rollout(
            controlPlanes: run.controlPlanes, plan: plan, observed: preparation.observed,
            leafKey: run.state.leafKeys(inventory, signing: run.request.options.stage?.signing),
            ledger: ledger, cause: preparation.cause,
            acceptsUnhealthy: Set(run.request.acceptsUnhealthy),
            gate: run.pairGate.map { PairGate(controlPlanes: run.controlPlanes, terms: $0) })
        await rollout.perform(&outcome)
        return outcome
    }

    /// - Returns: the plan with every certificate in it, and the inventory that holds them.
    private func issue(
        _ preparation: Preparation, _ ledger: Ledger, _ now: UnixTime
    ) async throws -> (Plan, StateInventory) {
        let (encrypts, issues) = (preparation.plan.encrypts, preparation.plan.issues)
        if encrypts.isEmpty, issues.isEmpty { return (preparation.plan, preparation.inventory) }
        let state = run.state
        if !encrypts.isEmpty {
            try state.encrypt(encrypts)
            try ledger.append("encrypted-keys", [("files", encrypts.joined(separator: " "))], now: now)
        }
        var known = preparation.inventory
        if !encrypts.isEmpty {
            known = try state.inventory().knowing(preparation.inventory)
        }
        let issuer = run.issuer(at: now)
        let inventory = try await issuer.issue(
            issues, inventory: known, signing: run.request.options.stage?.signing)
        // What was asked for has just been issued.
        var options = run.request.options
        options.renewal = .never
        let plan = Planner.plan(
            run.spec, inventory: inventory, nodes: preparation.observed, now: max(now, run.effects.now()),
            options: options)
        guard plan.encrypts.isEmpty, plan.issues.isEmpty, plan.refusals.isEmpty else {
            throw BootstrapError(
                "internal/plan-not-stable", "the plan changed after its certificates were issued",
                hint: "this is a bug in aggbootstrap; no node was changed",
                details: plan.issues.map(\.reason) + plan.refusals.map(\.message))
        }
        return (plan, inventory)
    }

    /// Another run may have ended between the plan and the locks.
    private func unchanged(since preparation: Preparation) async throws -> Preparation {
        let changed = BootstrapError(
            "state/changed", status: .locked,
            "cannot apply the plan: the control planes or the state are not as they were when it was made",
            hint: "run it again")
        if run.access == .offline {
            func own(_ nodes: [ObservedNode]) -> [ObservedNode] {
                nodes.map { node in
                    var node = node
                    node.previous = nil
                    return node
                }
            }
            guard try run.state.inventory() == preparation.inventory.stored,
                try await own(run.controlPlanes.observe()) == own(preparation.observed)
            else { throw changed }
            return preparation
        }
        var again = run
        again.asksCluster = false
        var now = try await planner.prepare(again)
        guard now.plan.isSame(as: preparation.plan) else { throw changed }
        // What the operator has read and said yes to, dates included.
        now.plan.issues = preparation.plan.issues
        now.plan.notices = preparation.plan.notices
        return now
    }
}
