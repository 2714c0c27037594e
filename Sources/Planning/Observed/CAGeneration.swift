// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// One requestheader CA.
package struct CAGeneration: Sendable, Equatable {
    /// Directory name, for example `0001-3f9a02c4`.
    package var id: String
    package var certificate: CertificateSummary
    package var pem: [UInt8]
    package var standing: Standing
    /// Whether its private key is in the state, so that it can sign.
    package var hasKey: Bool
    /// Whether it was made elsewhere and its key is there, so that it signs by way of `certificates.ca.signer`.
    package var isExternal: Bool
    /// False for a CA that the next change takes into the state directory.
    package var isStored: Bool
    /// Its name and key as signed by the CA before it, which goes behind each of its leaves; nil where there is none.
    package var crossSigned: CrossCertificate?

    package enum Standing: Sendable, Equatable {
        /// Made here, and in use or about to be.
        case issued
        /// Made elsewhere and found on the nodes when it began to be replaced.
        case foreign
        /// No longer trusted anywhere: no node is to hold it again.
        case dropped
    }

    package init(
        id: String, certificate: CertificateSummary, pem: [UInt8], standing: Standing = .issued,
        hasKey: Bool = true, isExternal: Bool = false, isStored: Bool = true,
        crossSigned: CrossCertificate? = nil
    ) {
        self.id = id
        self.certificate = certificate
        self.pem = pem
        self.standing = standing
        self.hasKey = hasKey
        self.isExternal = isExternal
        self.isStored = isStored
        self.crossSigned = crossSigned
    }

    /// Whether proxy client certificates of it can be had: its key is here, or what `spec` names has it.
    package func canSign(for spec: ClusterSpec) -> Bool {
        isExternal && spec.certificates.ca.isElsewhere || hasKey
    }
}
