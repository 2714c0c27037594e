// SPDX-License-Identifier: Apache-2.0

/// A certificate that lies on a node.
package struct InstalledCertificate: Sendable, Equatable {
    /// As a plan's JSON names what is issued.
    package enum Role: String, Sendable {
        case ca
        case proxyClient
    }

    package var role: Role
    package var path: String
    package var certificate: CertificateSummary

    package init(_ role: Role, _ path: String, _ certificate: CertificateSummary) {
        self.role = role
        self.path = path
        self.certificate = certificate
    }
}
