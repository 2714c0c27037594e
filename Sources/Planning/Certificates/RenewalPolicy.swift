// SPDX-License-Identifier: Apache-2.0

import Values

/// When a certificate must be replaced.
package enum RenewalPolicy {
    /// The time from which a certificate is due: two thirds of its lifetime.
    package static func dueTime(_ certificate: CertificateSummary) -> UnixTime {
        let lifetime = certificate.notAfter.seconds - certificate.notBefore.seconds
        return certificate.notBefore.advanced(bySeconds: lifetime / 3 * 2)
    }

    /// Whether `certificate` is due at `now`.
    package static func isDue(_ certificate: CertificateSummary, now: UnixTime) -> Bool {
        now >= dueTime(certificate)
    }
}
