// SPDX-License-Identifier: Apache-2.0

import Values

/// Whom a kube-apiserver takes a request for, and how it gets there.
package struct RequestVerdict: Sendable, Equatable {
    /// What is asked, in kube-apiserver's order.
    package enum Authenticator: String, Sendable {
        case requestHeader = "requestheader"
        case clientCA = "client-ca"
        case token
        case anonymous
    }

    /// What one authenticator makes of the request.
    package enum Finding: Sendable, Equatable {
        /// It takes the request for this user; the ones behind it are not asked.
        case user(RequestUser)
        /// kube-apiserver's flags do not turn it on.
        case off
        case noCertificate
        /// Why the certificate does not verify; a request that nobody else knows is refused then.
        case untrusted(Message)
        /// The certificate's common name, which `--requestheader-allowed-names` does not have; likewise.
        case nameNotAllowed(String)
        /// None of these headers has a value.
        case noUsername(headers: [String])
        /// The certificate has no common name, which would be the user's.
        case noCommonName
        /// An authenticator before it has refused the request.
        case refusedBefore
        /// Why it cannot be told here.
        case unknown(Message)
    }

    package struct Step: Sendable, Equatable {
        package let authenticator: Authenticator
        package let finding: Finding
    }

    package enum Outcome: Sendable, Equatable {
        case user(RequestUser, by: Authenticator)
        /// HTTP status 401.
        case unauthorized
        /// Why it cannot be told here.
        case undecided(Message)
    }

    /// Those that were asked, in their order.
    package let steps: [Step]
    package let outcome: Outcome

    package init(steps: [Step], outcome: Outcome) {
        (self.steps, self.outcome) = (steps, outcome)
    }
}
