// SPDX-License-Identifier: Apache-2.0

import APIServerAccess
import ClusterPlan
import NodeAccess
import SystemdBus

/// What a run has changed.
package struct ApplyOutcome: Sendable, Equatable {
    /// Private keys of the state that were put under its passphrase.
    package var keysEncrypted = 0
    package var issued = 0
    package var filesWritten = 0
    package var restarts = 0

    package init() {}
}

extension Run {
    /// The lock of the state directory where there is one already; a first run takes it in `apply`.
    package func lockExisting() throws -> AdvisoryLock? {
        try FileStatus.of(state.path) == nil ? nil : try state.lock()
    }

    /// Applies a plan: issues what is missing, then changes one node after the other.
    /// - Throws: at the first node that fails, which is then as it was before; the error's status says whether others
    ///   are new already.
    package func apply(_ preparation: Preparation, lock held: AdvisoryLock?) async throws -> ApplyOutcome {
        let lock = try held ?? state.lock()
        if held == nil { try await checkUnchanged(since: preparation) }
        let now = effects.now()
        try lock.announce(now: now)
        try state.prepareForChange()
        let ledger = Ledger(state: state)
        let encrypts = preparation.plan.encrypts
        if !encrypts.isEmpty {
            try state.encrypt(encrypts)
            try ledger.append("encrypted-keys", [("files", encrypts.joined(separator: " "))], now: now)
        }
        let issuer = Issuer(state: state, ledger: ledger, now: now)
        let inventory = try await issuer.issue(
            preparation.plan.issues, inventory: encrypts.isEmpty ? preparation.inventory : state.inventory())
        let plan = Planner.plan(
            spec, inventory: inventory, nodes: preparation.observed, now: now, options: request.options)
        guard plan.encrypts.isEmpty, plan.issues.isEmpty, plan.refusals.isEmpty else {
            throw BootstrapError(
                "internal/plan-not-stable", "the plan is another one after its certificates were issued",
                hint: "this is a bug in aggbootstrap; no node was changed",
                details: plan.issues.map(\.reason) + plan.refusals.map(\.message))
        }
        var outcome = ApplyOutcome()
        outcome.keysEncrypted = encrypts.count
        outcome.issued = preparation.plan.issues.count
        for (nodePlan, observed) in zip(plan.nodes, preparation.observed) where !nodePlan.isEmpty {
            try await apply(nodePlan, observed, inventory, ledger, isFirst: outcome.filesWritten == 0)
            outcome.filesWritten += nodePlan.files.count
            outcome.restarts += nodePlan.restarts ? 1 : 0
        }
        withExtendedLifetime(lock) {}
        return outcome
    }

    /// Another run may have ended between the plan and the lock.
    private func checkUnchanged(since preparation: Preparation) async throws {
        let now = try await prepare()
        guard now.inventory != preparation.inventory || now.observed != preparation.observed else { return }
        throw BootstrapError(
            "state/changed", status: .locked,
            "cannot apply the plan: another run has changed something since it was made",
            hint: "run it again")
    }

    private func apply(
        _ plan: NodePlan, _ observed: ObservedNode, _ inventory: StateInventory, _ ledger: Ledger,
        isFirst: Bool
    ) async throws {
        guard let node = nodes.first(where: { $0.name == plan.name }) else { return }
        let progress: @Sendable (String) -> Void = { [effects] in effects.progress("\(plan.name): \($0)") }
        let paths = plan.files.map(\.path).joined(separator: " ")
        try ledger.append("apply-begin", [("node", plan.name), ("files", paths)], now: effects.now())
        let apply = NodeApply(
            spec: spec, plan: plan, observed: observed, inventory: inventory,
            stager: Stager(state: state, root: root(of: node)),
            activator: try activator(node, observed, progress),
            now: effects.now(), progress: progress)
        do {
            try await apply.run()
        } catch {
            let report = ErrorReport(error)
            try? ledger.append(
                "apply-failed", [("node", plan.name), ("because", report.message)], now: effects.now())
            throw BootstrapError(
                report.code, status: isFirst ? .failed : .mixed, "\(plan.name): \(report.message)",
                hint: report.hint,
                details: report.details)
        }
        try ledger.append("apply-done", [("node", plan.name)], now: effects.now())
    }

    private func activator(
        _ node: NodeSpec, _ observed: ObservedNode, _ progress: @escaping @Sendable (String) -> Void
    ) throws -> Activator? {
        guard access == .live else { return nil }
        let (spec, unit) = (spec, spec.apiServer.unit)
        let units = try effects.systemBus()
        // The command line may be another one after each restart, so it is read again every time.
        let connection: @Sendable () -> APIServerConnection? = {
            guard let pid = try? units.unit(unit).mainPID,
                let argv = try? ProcessArguments.read(pid: Int(pid))
            else { return nil }
            let flags = EffectiveFlags.parse(arguments: Array(argv.dropFirst()))
            return try? APIServerConnection(spec: spec, node: node, flags: flags, root: .machine)
        }
        return Activator(
            unit: unit, units: units,
            readiness: { await connection()?.readiness() ?? .unseen("\(unit) has no main process to ask") },
            identity: { connection()?.identityOutcome() }, progress: progress)
    }
}
