// SPDX-License-Identifier: Apache-2.0

import Planning
import TLS
import Values

/// The gate of a pair that is exchanged without a restart: the API server takes the new one, as the extension servers
/// with the same trust will.
struct PairCheck {
    /// Asks the API server as an aggregator with the pair that lies on the node; nil where it cannot be asked.
    let identity: @Sendable () throws -> IdentityOutcome?
    let progress: NodeProgress

    /// - Throws: `apply/pair-refused` where it does not; what it cannot tell is said, and left to the proofs.
    func check() throws {
        let outcome: IdentityOutcome?
        do { outcome = try identity() } catch {
            progress(.acceptanceNotKnown(.because(ErrorReport(error).message)))
            return
        }
        switch outcome {
        case .rejected?, .takenFor?:
            throw BootstrapError(
                "apply/pair-refused",
                "the running API server does not accept the new proxy client certificate",
                hint:
                    "compare the clocks of this machine and of the node, and the CA that the API server has loaded with the "
                    + "one on its disk (aggbootstrap verify)")
        case .accepted?: return
        case .inconclusive(let why)?: progress(.acceptanceNotKnown(.because(why)))
        case .notUnderstood(let status, _)?: progress(.acceptanceNotKnown(.answered(status: status)))
        case nil: progress(.acceptanceNotKnown(.notAsked))
        }
    }
}
