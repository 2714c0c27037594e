// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// The time in which a certificate is valid, both ends included: decided once, by the plan, and carried to what signs.
package struct CertificateValidity: Sendable, Equatable {
    package var notBefore: UnixTime
    package var notAfter: UnixTime

    package init(notBefore: UnixTime, notAfter: UnixTime) {
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// What a profile asks for at `now`: it begins a little earlier, for clocks that run behind.
    package init(_ period: ValidityPeriod, at now: UnixTime) {
        self.init(period, from: now.advanced(bySeconds: -ValidityPeriod.backdatingSeconds))
    }

    /// The same below a CA: it begins and ends with the CA where it would reach beyond it.
    package init(_ period: ValidityPeriod, at now: UnixTime, within ca: CertificateValidity) {
        let start = now.advanced(bySeconds: -ValidityPeriod.backdatingSeconds)
        self.init(period, from: max(start, ca.notBefore))
        notAfter = min(notAfter, ca.notAfter)
    }

    private init(_ period: ValidityPeriod, from start: UnixTime) {
        let (end, overflow) = start.seconds.addingReportingOverflow(period.seconds)
        self.init(notBefore: start, notAfter: UnixTime(seconds: overflow ? .max : end))
    }
}

extension CertificateSummary {
    package var validity: CertificateValidity { .init(notBefore: notBefore, notAfter: notAfter) }
}
