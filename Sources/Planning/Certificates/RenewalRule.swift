// SPDX-License-Identifier: Apache-2.0

import Values

/// Which leaves a run issues again although they are still good.
package enum RenewalRule: Sendable, Equatable {
    /// Those that are over two thirds of their lifetime.
    case twoThirds
    /// Those that end within this time; seconds.
    case within(seconds: Int64)
    /// All.
    case always
    /// None: what was due has just been issued.
    case never

    /// The time from which `certificate` is due; nil where that is no question of time.
    package func dueTime(_ certificate: CertificateSummary) -> UnixTime? {
        switch self {
        case .twoThirds: RenewalPolicy.dueTime(certificate)
        case .within(let seconds): certificate.notAfter.advanced(bySeconds: -seconds)
        case .always, .never: nil
        }
    }

    /// Why `certificate` must be replaced at `now`; nil where it is not.
    package func reason(for certificate: CertificateSummary, now: UnixTime) -> Message? {
        switch self {
        case .twoThirds:
            guard RenewalPolicy.isDue(certificate, now: now) else { return nil }
            return "it is due since \(RenewalPolicy.dueTime(certificate)) (two thirds of its lifetime)"
        case .within(let seconds):
            guard now.advanced(bySeconds: seconds) >= certificate.notAfter else { return nil }
            return "it ends at \(certificate.notAfter), within the time of --renew-before"
        case .always: return "rotate requests a new one"
        case .never: return nil
        }
    }
}
