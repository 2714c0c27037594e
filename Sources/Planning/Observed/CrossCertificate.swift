// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// A CA's name and key under the signature of the CA before it: with it behind a leaf, those who trust that one only
/// take the leaf too.
package struct CrossCertificate: Sendable, Equatable {
    package var certificate: CertificateSummary
    package var pem: [UInt8]

    package init(certificate: CertificateSummary, pem: [UInt8]) {
        self.certificate = certificate
        self.pem = pem
    }
}
