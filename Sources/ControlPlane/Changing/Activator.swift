// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Planning
import SystemdBus
import SystemdUnits
import TLS
import Values

/// Makes changed files take effect on a live node, and sees that the API server serves again.
package struct Activator {
    let unit: String
    let node: any NodeTransport
    let units: any UnitManager
    /// Asks the API server whether it is ready; asked again and again after a restart.
    let readiness: @Sendable () async -> ObservedAPIServer.Readiness
    /// Asks the API server as an aggregator with the pair that lies on the node; nil where it cannot be asked.
    let identity: @Sendable () throws -> IdentityOutcome?
    let progress: NodeProgress

    package init(
        unit: String, node: any NodeTransport, units: any UnitManager,
        readiness: @escaping @Sendable () async -> ObservedAPIServer.Readiness,
        identity: @escaping @Sendable () throws -> IdentityOutcome?, progress: NodeProgress
    ) {
        self.unit = unit
        self.node = node
        self.units = units
        self.readiness = readiness
        self.identity = identity
        self.progress = progress
    }

    /// Longer than systemd's default start time limit of 90 s, so that its own verdict is heard.
    static let jobSeconds = 180

    /// Reads the unit's files again and compares what systemd loaded with what was meant, before anything restarts.
    func reload(expecting command: ExecCommand?) throws {
        try node.checkLock()
        try units.daemonReload()
        guard let command else { return }
        let state = try units.unit(unit)
        guard state.loadState == "loaded" else {
            throw BootstrapError(
                "unit/not-loaded",
                "systemd does not load \(unit) with the change: its load state is \(state.loadState)",
                details: Message.verbatim([state.loadError].compactMap { $0 }))
        }
        let comparison = command.matchesBus(argv: state.execStart.last ?? [])
        guard state.execStart.count == 1, comparison.isSame else {
            throw BootstrapError(
                "unit/other-command",
                "systemd has loaded another command for \(unit) than the one written",
                details: Message.verbatim(comparison.differences.map(\.description)))
        }
    }

    /// Restarts the unit and waits until the API server is ready.
    /// - Parameter hiddenCounts: as for `waitUntilReady`.
    /// - Throws: what went wrong, with the unit's last journal lines.
    func restart(hiddenCounts: Bool = false) async throws {
        let start = ContinuousClock.now
        try node.checkLock()
        // After a crash loop systemd refuses to start the unit until its counter is reset.
        try units.resetFailed(unit)
        progress.step(.restarting(unit: unit))
        let result = try units.restart(unit, timeoutSeconds: Self.jobSeconds)
        guard result == .done else {
            throw await failure("\(unit) did not start: systemd's restart job ended with \(result)")
        }
        progress(.restarted(unit: unit))
        try await waitUntilReady(hiddenCounts: hiddenCounts)
        progress(.ready(unit: unit, seconds: (ContinuousClock.now - start).components.seconds))
    }

    /// The gate of a pair that is exchanged without a restart.
    func checkPair() throws { try PairCheck(identity: identity, progress: progress).check() }

    /// Restarts the unit with the old files and waits until it serves as it did before.
    /// - Parameter before: what its readiness looked like then; nil where it could not be asked.
    func restartOld(before: ObservedAPIServer.Readiness?) async throws {
        progress.step(.restartingWithOldFiles(unit: unit))
        try node.checkLock()
        try units.resetFailed(unit)
        let result = try units.restart(unit, timeoutSeconds: Self.jobSeconds)
        guard result == .done else {
            throw await failure("\(unit) did not start: systemd's restart job ended with \(result)")
        }
        try await waitUntilReady(hiddenCounts: before.map(Self.isHidden) ?? true)
    }

    private static func isHidden(_ readiness: ObservedAPIServer.Readiness) -> Bool {
        if case .hidden = readiness { return true }
        return false
    }

    /// Waits until `/readyz` answers 200.
    /// - Parameter hiddenCounts: whether it is enough that it serves but shows `/readyz` to none of our credentials.
    func waitUntilReady(hiddenCounts: Bool = false) async throws {
        let deadline = ContinuousClock.now + .seconds(RunningUnit.readySeconds)
        while true {
            let answer = await readiness()
            if answer == .ready || hiddenCounts && Self.isHidden(answer) { return }
            let state = try units.unit(unit)
            guard ["active", "reloading"].contains(state.activeState) else {
                throw await failure("\(unit) is \(state.activeState)/\(state.subState)")
            }
            guard ContinuousClock.now < deadline else {
                throw await failure(
                    "it was not ready within \(RunningUnit.readySeconds) s: \(Self.text(answer))")
            }
            try await Task.sleep(for: .milliseconds(250))
        }
    }

    static func text(_ readiness: ObservedAPIServer.Readiness) -> Message {
        switch readiness {
        case .ready: "ready"
        case .notReady(let checks): "not ready (\(list: checks))"
        case .hidden(let why), .unseen(let why): why
        }
    }

    private func failure(_ why: Message) async -> BootstrapError {
        BootstrapError(
            "apiserver/did-not-come-back", why,
            hint:
                "the lines above are the last log lines of kube-apiserver with the change: fix what they name, then run it again",
            details: Message.verbatim(await journal()))
    }

    /// The last lines of the newest start of the unit, without those of the process before; empty without a journal.
    private func journal() async -> [String] {
        let newest = (try? units.unit(unit))?.invocationID ?? ""
        let which =
            newest.isEmpty
            ? ["--unit", unit] : ["_SYSTEMD_INVOCATION_ID=\(newest)", "+", "INVOCATION_ID=\(newest)"]
        let result = try? await node.run(
            "journalctl", ["--lines", "12", "--no-pager", "--output", "short-iso"] + which, timeoutSeconds: 10
        )
        return (result?.stdout ?? "").split(separator: "\n").map(String.init)
    }
}
