// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// A certificate that must be issued.
package struct CertificateIssue: Sendable, Equatable {
    /// nil for the CA.
    package var owner: String?
    package var profile: CertificateProfile
    package var reason: Message
    /// The reason of the first one of an owner, which goes without saying.
    package static let noneYet: Message = "there is none yet"
    /// What is printed, and what is signed.
    package var validity: CertificateValidity
    /// Whether it ends with its CA, since its own validity would reach at least as far.
    package var shortened: Bool
    /// What it replaces.
    package var replaces: CertificateSummary?

    package init(
        owner: String?, profile: CertificateProfile, reason: Message, validity: CertificateValidity,
        shortened: Bool, replaces: CertificateSummary?
    ) {
        self.owner = owner
        self.profile = profile
        self.reason = reason
        self.validity = validity
        self.shortened = shortened
        self.replaces = replaces
    }

    package var notBefore: UnixTime { validity.notBefore }
    package var notAfter: UnixTime { validity.notAfter }
}
