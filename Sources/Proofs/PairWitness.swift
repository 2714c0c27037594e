// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import PKI
import Planning
import Spec
import Synchronization
import Values

/// What is looked at from outside while pairs are changed, besides the API servers themselves.
package final class PairWitness: Sendable {
    private struct Canaries {
        /// nil where none could be made, or where nobody reaches it.
        var open: Canary?
        var wasReached = false
    }

    private let canaries: Mutex<Canaries>
    private let effects: Effects

    package init(canary: Canary?, effects: Effects) {
        canaries = Mutex(Canaries(open: canary))
        self.effects = effects
    }

    /// Takes the canary's objects away.
    ///
    /// The pairs do not depend on it: what is left is said, and the next canary removes it.
    package func close() async {
        let canary = canaries.withLock { canaries in
            defer { canaries.open = nil }
            return canaries.open
        }
        do { try await canary?.close() } catch {
            let report = ErrorReport(error)
            for line in [report.message] + report.details { effects.progress(.line(.trouble(line))) }
        }
    }

    /// Whether the aggregator of a control plane presents `pair`, waited for as long as `seconds`.
    /// - Returns: false where that cannot be seen, after a line that says why.
    /// - Throws: `rotation/not-presented` where it is another one.
    func sees(
        _ fingerprint: String, of node: NodeSpec, within seconds: Int, _ progress: NodeProgress
    ) async throws -> Bool {
        guard let canary = canaries.withLock(\.open) else { return false }
        progress.step(.waitingForSighting)
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            switch try await canary.probe(node) {
            case .notReached(let why):
                progress(.presentedNotSeen(because: why))
                // An APIService that nobody can reach is in the way of others, of namespaces that are deleted for one.
                if !canaries.withLock(\.wasReached) { await close() }
                return false
            case .seen(let sighting):
                canaries.withLock { $0.wasReached = true }
                let shown = try? sighting.certificates().first?.summary
                if let shown, shown.fingerprintSHA256 == fingerprint {
                    progress(.presents(serial: shown.serial))
                    return true
                }
                guard ContinuousClock.now < deadline else {
                    throw BootstrapError(
                        "rotation/not-presented",
                        "its aggregator still presents "
                            + (shown.map { "\($0.subject), serial \($0.serial), of \($0.issuer)" }
                                ?? "no certificate that can be read") + " after \(seconds) s",
                        hint:
                            "it has missed the change: restart its kube-apiserver when possible, then run it again"
                    )
                }
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}
