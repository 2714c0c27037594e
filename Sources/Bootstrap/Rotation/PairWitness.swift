// SPDX-License-Identifier: Apache-2.0

import ClusterPlan
import PKI
import Synchronization

/// Whether a canary is to see which pair each aggregator presents while pairs are changed.
package struct WitnessOptions: Sendable {
    /// Whether one is made at all, where there is a kubeconfig.
    package var isWanted: Bool
    /// Where control planes reach this machine; nil for the address that it has towards them.
    package var address: CanaryAddress?

    package init(isWanted: Bool = true, address: CanaryAddress? = nil) {
        self.isWanted = isWanted
        self.address = address
    }
}

/// What is looked at from outside while pairs are changed, besides the API servers themselves.
final class PairWitness: Sendable {
    private struct Canaries {
        /// nil where none could be made, or where nobody reaches it.
        var open: Canary?
        var wasReached = false
    }

    private let canaries: Mutex<Canaries>
    private let servers: ExtensionServers
    /// Names of the APIServices that were available before.
    private let available: Set<String>

    init(canary: Canary?, servers: ExtensionServers, available: Set<String>) {
        canaries = Mutex(Canaries(open: canary))
        self.servers = servers
        self.available = available
    }

    /// How long an APIService is given to be available again; seconds.
    private static let availableSeconds = 30

    /// Takes the canary's objects away.
    ///
    /// The pairs do not depend on it: what is left is said, and the next canary removes it.
    func close() async {
        let canary = canaries.withLock { canaries in
            defer { canaries.open = nil }
            return canaries.open
        }
        do { try await canary?.close() } catch {
            let report = ErrorReport(error)
            for line in [report.message] + report.details { servers.run.effects.progress(.line(line)) }
        }
    }

    /// Whether the aggregator of a control plane presents `pair`, waited for as long as `seconds`.
    /// - Returns: false where that cannot be seen, after a line that says why.
    /// - Throws: `rotation/not-presented` where it is another one.
    func sees(
        _ fingerprint: String, of node: NodeSpec, within seconds: Int, _ progress: NodeProgress
    ) async throws -> Bool {
        guard let canary = canaries.withLock(\.open) else { return false }
        progress.step("a request through its aggregator is to show the new certificate")
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            switch try await canary.probe(node) {
            case .notReached(let why):
                progress("the certificate that its aggregator presents is not seen: \(why)")
                // An APIService that nobody can reach is in the way of others, of namespaces that are deleted for one.
                if !canaries.withLock(\.wasReached) { await close() }
                return false
            case .seen(let sighting):
                canaries.withLock { $0.wasReached = true }
                let shown = try? sighting.certificates().first?.summary
                if let shown, shown.fingerprintSHA256 == fingerprint {
                    progress("its aggregator presents the new certificate, serial \(shown.serial)")
                    return true
                }
                guard ContinuousClock.now < deadline else {
                    throw BootstrapError(
                        "rotation/not-presented",
                        "its aggregator still presents "
                            + (shown.map { "\($0.subject), serial \($0.serial), of \($0.issuer)" }
                                ?? "no certificate that can be read") + " after \(seconds) s",
                        hint:
                            "it has missed the change: restart its kube-apiserver when it can be spared, then run it again"
                    )
                }
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    /// Waits until all APIServices that were available before are.
    /// - Throws: `rotation/service-lost` with those that are not.
    func seeAvailable(_ progress: NodeProgress) async throws {
        guard !available.isEmpty else { return }
        let deadline = ContinuousClock.now + .seconds(Self.availableSeconds)
        while true {
            let isOver = ContinuousClock.now >= deadline
            do {
                let lost = try await servers.backends().filter {
                    !$0.isAvailable && available.contains($0.name)
                }
                guard let first = lost.first else { return }
                if isOver { throw Self.lost(first.name, lost.dropFirst().map(\.name)) }
            } catch  where ErrorReport(error).code != "rotation/service-lost" {
                // Who cannot look has seen nothing wrong with the pair.
                if isOver {
                    progress("whether APIServices are available is not seen: \(ErrorReport(error).message)")
                    return
                }
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private static func lost(_ name: String, _ others: [String]) -> BootstrapError {
        BootstrapError(
            "rotation/service-lost",
            "the APIService \(name) was available before the new pair and is not \(availableSeconds) s later",
            hint: "see why with kubectl describe apiservice \(name)", details: others.map { "so is \($0)" })
    }
}

extension Run {
    /// Does something with pair gates that look from outside too, where there is a kubeconfig, and clears up after it.
    /// - Parameters:
    ///   - accepted: `NAMESPACE/NAME` of Services that may be lost.
    ///   - body: takes the run, and what tells whether it was asked to stop.
    func witnessingPairs<T>(
        _ observed: [ObservedNode], _ kubectl: Kubectl?, _ options: WitnessOptions, reloadSeconds: Int,
        accepted: Set<String> = [], _ body: (Run, () -> Bool) async throws -> T
    ) async throws -> T {
        var run = self
        guard let kubectl else {
            run.pairGate = .init(reloadSeconds: reloadSeconds, witness: nil)
            return try await body(run) { false }
        }
        let signals = StopRequest { [effects] in effects.progress(.line($0)) }
        defer { signals.restore() }
        run.stop = signals
        let servers = ExtensionServers(run: self, kubectl: kubectl)
        var available: Set<String> = []
        do {
            let backends = try await servers.backends().filter { !accepted.contains($0.service) }
            available = Set(backends.filter(\.isAvailable).map(\.name))
        } catch {
            effects.progress(
                .line("whether APIServices are available is not seen: \(ErrorReport(error).message)"))
        }
        let canary = options.isWanted ? await canary(observed, kubectl, options.address) : nil
        let witness = PairWitness(canary: canary, servers: servers, available: available)
        run.pairGate = .init(reloadSeconds: reloadSeconds, witness: witness)
        do {
            if signals.isStopped { throw Self.stoppedBefore }
            let result = try await body(run) { signals.isStopped }
            await witness.close()
            return result
        } catch {
            await witness.close()
            throw error
        }
    }

    private static let stoppedBefore = BootstrapError(
        "apply/stopped", "stopped as asked, before a pair was changed", hint: "run it again")

    private func canary(
        _ observed: [ObservedNode], _ kubectl: Kubectl, _ address: CanaryAddress?
    ) async -> Canary? {
        do {
            return try await Canary.open(self, kubectl, observed: observed, address: address)
        } catch {
            effects.progress(
                .line("which certificate aggregators present is not seen: \(ErrorReport(error).message)"))
            return nil
        }
    }
}
