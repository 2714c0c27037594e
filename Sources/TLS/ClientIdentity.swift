// SPDX-License-Identifier: Apache-2.0

import Secrets

/// A client certificate with its key.
package struct ClientIdentity: Sendable {
    /// The leaf first, then what else of its chain must be presented.
    package let certificatePEM: [UInt8]
    /// PKCS#8, SEC1 or PKCS#1, not encrypted.
    package let keyPEM: SecretBytes

    package init(certificatePEM: [UInt8], keyPEM: SecretBytes) {
        self.certificatePEM = certificatePEM
        self.keyPEM = keyPEM
    }
}
