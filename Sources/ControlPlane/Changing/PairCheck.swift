// SPDX-License-Identifier: Apache-2.0

import TLS
import Values

/// The gate of a pair that is exchanged without a restart: the API server takes the new one, as the extension servers
/// with the same trust will.
struct PairCheck {
    /// Asks the API server as an aggregator with the pair that lies on the node; nil where it cannot be asked.
    let identity: @Sendable () throws -> IdentityOutcome?
    let progress: NodeProgress

    private static let unknown =
        "the running API server does not say whether it takes the new proxy client, the proofs will: "

    /// - Throws: `apply/pair-refused` where it does not; what it cannot tell is said, and left to the proofs.
    func run() throws {
        let outcome: IdentityOutcome?
        do { outcome = try identity() } catch {
            progress(Self.unknown + ErrorReport(error).message)
            return
        }
        switch outcome {
        case .rejected?, .takenFor?:
            throw BootstrapError(
                "apply/pair-refused",
                "the running API server does not take the new proxy client for an aggregator's",
                hint:
                    "compare the clock of this machine with the API server's, and the CA that it has loaded with the "
                    + "one on the disk (aggbootstrap verify)")
        case .accepted?: return
        case .inconclusive(let why)?: progress(Self.unknown + why)
        case .notUnderstood(let status, _)?: progress(Self.unknown + "it answers with HTTP status \(status)")
        case nil: progress(Self.unknown + "it has no main process, or its node no proxy client")
        }
    }
}
