// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// What a server made of a proxy-client certificate with a user's name in a header.
package enum IdentityOutcome: Sendable, Equatable {
    /// It believed the certificate: it took the request for this user's.
    case accepted(user: String)
    /// It did not believe the certificate.
    case rejected
    /// It took the request for somebody else's: for the certificate's own user (it trusts the certificate as a
    /// client's, not as an aggregator's), or for `system:anonymous`.
    case takenFor(user: String)
    /// It let the request pass without saying as whom.
    case inconclusive(reason: Message)
    /// An answer that fits no known case.
    case notUnderstood(status: Int, excerpt: String)
}
