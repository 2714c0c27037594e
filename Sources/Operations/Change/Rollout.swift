// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import Planning
import Proofs
import Secrets
import Spec
import StateStore
import SystemdBus
import TLS
import Values

/// Changes the nodes of a plan: at once where nothing must restart, else one control plane after the other, each
/// only while all others serve.
struct Rollout {
    let controlPlanes: ControlPlanes
    let plan: Plan
    let observed: [ObservedNode]
    /// The private key of an owner's proxy client; nil where none is issued.
    let leafKey: @Sendable (_ owner: String) throws -> SecretBytes?
    let ledger: Ledger
    let cause: ChangeCause
    /// Names of control planes that may be unhealthy while another one is restarted.
    let acceptsUnhealthy: Set<String>
    /// What a node's new pair must pass before the next node gets one; nil where the API server's own word is enough.
    let gate: PairGate?

    /// Work on one node.
    private struct Step: Sendable {
        let node: NodeSpec
        let plan: NodePlan
        let observed: ObservedNode
    }

    /// Fills in what became of each node; ends at the first that fails.
    func perform(_ outcome: inout ApplyOutcome) async {
        // By name: a plan may leave nodes out that were observed.
        let seen = Dictionary(observed.map { ($0.name, $0) }) { first, _ in first }
        let known = Dictionary(controlPlanes.nodes.map { ($0.name, $0) }) { first, _ in first }
        let steps = plan.nodes.compactMap { plan -> Step? in
            guard let node = known[plan.name], let observed = seen[plan.name] else { return nil }
            return Step(node: node, plan: plan, observed: observed)
        }
        outcome.nodes = steps.map { ($0.node.name, $0.plan.isEmpty ? .unchanged : .untouched) }
        let own =
            controlPlanes.access == .live && controlPlanes.stop == nil
            ? StopRequest(progress: { [effects = controlPlanes.effects] in effects.progress(.line($0)) })
            : nil
        let signals = controlPlanes.stop ?? own
        defer { own?.restore() }
        let progress = controlPlanes.effects.progress
        progress(.began(steps.filter { !$0.plan.isEmpty }.map(\.node.name)))
        defer { progress(.finished) }
        let together = steps.filter { !$0.plan.isEmpty && !takesTurn($0) }
        let results = await onEachNode(together.map(\.node)) { node -> BootstrapError? in
            guard let step = together.first(where: { $0.node == node }) else { return nil }
            do {
                let unrecorded = try await change(step)
                tell(step.node, Self.result(step, .success(unrecorded)))
                return unrecorded
            } catch {
                tell(step.node, Self.result(step, .failure(error)))
                throw error
            }
        }
        for (step, result) in zip(together, results) { Self.note(step, result, &outcome) }
        // What was interrupted may have left its control plane down: it comes before those that serve.
        let turns = steps.filter { !$0.plan.isEmpty && takesTurn($0) }
        for step in turns.filter(\.plan.finishesTransaction) + turns.filter({ !$0.plan.finishesTransaction })
        where outcome.failure == nil {
            if signals?.isStopped == true {
                end(before: step, Self.stopped(step.node), &outcome)
                break
            }
            if step.plan.restarts {
                controlPlanes.effects.progress(.step(node: step.node.name, .checkingOthers))
                if let reason = await othersNotReady(step.node) {
                    end(before: step, reason, &outcome)
                    break
                }
            }
            let result = await onEachNode([step.node]) { _ in try await change(step) }
            Self.note(step, result[0], &outcome)
            tell(step.node, Self.result(step, result[0]))
        }
        if outcome.failure != nil { await takeBack(steps, &outcome) }
        for (name, result) in outcome.nodes where result.isUntouched {
            progress(.ended(NodeResult(name, result.kind)))
        }
    }

    private func tell(_ node: NodeSpec, _ result: ApplyOutcome.Node) {
        controlPlanes.effects.progress(.ended(NodeResult(node.name, result.kind)))
    }

    /// Whether a node's change could take its API server, or the pair that it presents, away.
    private func takesTurn(_ step: Step) -> Bool {
        // Files of this machine are written in no time, and their order then stays the same.
        guard controlPlanes.access == .live else { return true }
        guard cause == .spec else { return true }
        let paths = [step.observed.certificate.path, step.observed.key.path]
        return step.plan.restarts || step.plan.finishesTransaction || step.plan.daemonReload
            || step.plan.files.contains { paths.contains($0.path) }
    }

    /// The run ends at a node whose change has not begun.
    private func end(before step: Step, _ error: BootstrapError, _ outcome: inout ApplyOutcome) {
        let error = ControlPlanes.located(error, on: step.node)
        outcome.set(step.node.name, .notBegun(error))
        tell(step.node, .notBegun(error))
    }

    /// The others may have changed since the plan was made, not least by this rollout.
    private func othersNotReady(_ node: NodeSpec) async -> BootstrapError? {
        let others = controlPlanes.spec.nodes.filter {
            $0 != node && !acceptsUnhealthy.contains($0.name)
        }
        let health = await controlPlanes.health(of: others)
        for (name, health) in health {
            guard case .unhealthy(let why) = health else { continue }
            return BootstrapError(
                "apply/unhealthy", "not started, because \(name) is not ready now: \(why)",
                hint: "fix \(name), then run it again: it continues")
        }
        return nil
    }

    /// - Returns: why the change, which was made, is not recorded; nil where it is.
    private func change(_ step: Step) async throws -> BootstrapError? {
        let link = try controlPlanes.link(step.node)
        let (effects, name) = (controlPlanes.effects, step.node.name)
        let progress = NodeProgress(node: name, send: effects.progress)
        progress.step(.preparing)
        let paths = step.plan.files.map(\.path).joined(separator: " ")
        let event = cause == .spec ? "apply" : "rollback"
        let way = cause == .spec ? [] : [("to", cause == .back ? "before" : "after")]
        try ledger.append("\(event)-begin", [("node", name), ("files", paths)] + way, now: effects.now())
        let gate = gate.map { gate in
            { @Sendable () async throws -> Void in try await gate.pass(step.node, progress) }
        }
        do {
            try await NodeApply(
                spec: controlPlanes.spec, plan: step.plan, observed: step.observed,
                preparer: FilePreparer(node: link.node, leafKey: leafKey),
                activator: try controlPlanes.activator(of: step.node, progress), cause: cause,
                gate: gate,
                now: effects.now(), progress: progress
            ).apply()
        } catch {
            let located = ControlPlanes.located(error, on: step.node)
            try? ledger.append(
                "\(event)-failed", [("node", name), ("because", located.message.description)],
                now: effects.now())
            throw located
        }
        do {
            try ledger.append("\(event)-done", [("node", name)], now: effects.now())
            return nil
        } catch {
            return BootstrapError(extending: error) {
                "\(name): the change was made, but not recorded: \($0)"
            }
        }
    }

    // MARK: - Back

    /// After one failed: every pair of this run that would not pass its gate now is taken back, and not the last alone.
    private func takeBack(_ steps: [Step], _ outcome: inout ApplyOutcome) async {
        guard let gate else { return }
        var failing = steps.filter { outcome.isFailed($0.node.name) && $0.plan.changesPair(of: $0.observed) }
        for step in steps.reversed()
        where outcome.isChanged(step.node.name) && !step.plan.restarts
            && step.plan.changesPair(of: step.observed)
        {
            guard let why = await gate.refusal(step.node) else { continue }
            let name = step.node.name
            controlPlanes.effects.progress(.step(node: name, .restoringPair(because: why)))
            let result = await onEachNode([step.node]) { node in try takeBack(node, because: why) }
            do {
                try result[0].get()
                outcome.set(name, .takenBack(why))
                outcome.takenBack.append(
                    "\(name): its old certificate and key were restored, because \(why)")
                controlPlanes.effects.progress(
                    .ended(NodeResult(name, .takenBack(why))))
                failing.append(step)
            } catch {
                let report = ErrorReport(error)
                outcome.takenBack.append(
                    "\(name): its old certificate and key could not be restored (\(why)): \(report.message)")
            }
        }
        // The truth about what was put back: whether it helps.
        for step in failing {
            let why = await onEachNode([step.node]) { node in await gate.recovery(node) }
            guard case .success(let why?) = why[0] else { continue }
            outcome.takenBack.append(
                "\(step.node.name): does not answer as before with its old certificate and key either: \(why)"
            )
        }
    }

    private func takeBack(_ node: NodeSpec, because why: Message) throws {
        let (transport, unit) = (try controlPlanes.link(node).node, controlPlanes.spec.apiServer.unit)
        try transport.checkLock()
        guard let transaction = try NodeTransaction.reopen(unit: unit, on: transport) else {
            throw BootstrapError(
                "apply/not-restored", status: .mixed, "\(node.name): the copies of its old files are gone")
        }
        // A control plane that refuses its new pair does not wait for a disk that is full here.
        try? ledger.append(
            "apply-taken-back", [("node", node.name), ("because", why.description)],
            now: controlPlanes.effects.now())
        try transaction.restore(unit: unit)
        try transaction.drop(unit: unit)
    }

    // MARK: - Results

    private static func note(
        _ step: Step, _ result: Result<BootstrapError?, any Error>, _ outcome: inout ApplyOutcome
    ) {
        outcome.set(step.node.name, Self.result(step, result))
        if case .success(let unrecorded?) = result { outcome.unrecorded.append(unrecorded) }
    }

    private static func result(
        _ step: Step, _ result: Result<BootstrapError?, any Error>
    ) -> ApplyOutcome.Node {
        switch result {
        case .success:
            .changed(
                files: step.plan.files.count { $0.action != .remove },
                removed: step.plan.files.count { $0.action == .remove }, restarted: step.plan.restarts)
        case .failure(let error): .failed(ControlPlanes.located(error, on: step.node))
        }
    }

    private static func stopped(_ node: NodeSpec) -> BootstrapError {
        BootstrapError(
            "apply/stopped", "\(node.name): not started, because the run was asked to stop",
            hint:
                "run it again: it continues; after a rotate, run init, which installs the certificates that it issued"
        )
    }
}
