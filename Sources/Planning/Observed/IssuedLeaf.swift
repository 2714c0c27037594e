// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// One proxy-client certificate.
package struct IssuedLeaf: Sendable, Equatable {
    /// Directory name, for example `0001`.
    package var id: String
    package var certificate: CertificateSummary
    /// The certificate file as nodes have it: the certificate, then `chain`.
    package var pem: [UInt8]
    /// What is presented behind the certificate: the cross certificate of its generation, or nothing.
    package var chain: [UInt8]
    /// Lower-case hex SHA-256 of the key file's bytes as nodes have it, which is never encrypted.
    package var keySHA256: String
    /// Id of the CA generation that signed it.
    package var generation: String
    /// `CertificateProfile.canonicalText` of what it was issued from.
    package var profile: String

    /// The certificate alone.
    package var certificatePEM: [UInt8] { chain.isEmpty ? pem : pem.dropLast(chain.count) }

    /// - Parameter pem: the certificate alone.
    package init(
        id: String, certificate: CertificateSummary, pem: [UInt8], chain: [UInt8] = [], keySHA256: String,
        generation: String, profile: String
    ) {
        self.id = id
        self.certificate = certificate
        // Without a chain no second copy is made.
        self.pem = chain.isEmpty ? pem : pem + chain
        self.chain = chain
        self.keySHA256 = keySHA256
        self.generation = generation
        self.profile = profile
    }
}
