// SPDX-License-Identifier: Apache-2.0

/// Names of the three node files within `CertificatesSpec.directory`; a name has no slash.
package struct CertificateFileNames: Sendable, Equatable {
    package var ca: String
    package var certificate: String
    package var key: String

    package init(
        ca: String = "aggregator-ca.pem", certificate: String = "aggregator.pem",
        key: String = "aggregator-key.pem"
    ) {
        self.ca = ca
        self.certificate = certificate
        self.key = key
    }
}
