// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// A requestheader CA that must not be trusted again.
package struct CompromisedCA: Sendable, Equatable {
    /// Lower-case hex SHA-256 of the certificate.
    package var fingerprintSHA256: String
    /// Lower-case hex SHA-256 of its public key: another certificate for the same key is no better.
    package var publicKeySHA256: String
    package var since: UnixTime
    package var subject: String

    package init(fingerprintSHA256: String, publicKeySHA256: String, since: UnixTime, subject: String) {
        self.fingerprintSHA256 = fingerprintSHA256
        self.publicKeySHA256 = publicKeySHA256
        self.since = since
        self.subject = subject
    }

    /// Whether `certificate` is this CA, or another certificate for its key.
    package func covers(_ certificate: CertificateSummary) -> Bool {
        certificate.fingerprintSHA256 == fingerprintSHA256 || certificate.publicKeySHA256 == publicKeySHA256
    }
}
