// SPDX-License-Identifier: Apache-2.0

import PKI
import Synchronization

/// Reads certificates and remembers them for the rest of the run: the same bytes lie in the state directory and on
/// every node, are looked at by several stages, and libcrypto takes a quarter of a millisecond for each.
final class CertificateReader: Sendable {
    private let known = Mutex<[[UInt8]: [Certificate]]>([:])

    /// The certificates of a PEM file, one or more.
    func bundle(pem: [UInt8], path: String) throws(PKIError) -> [Certificate] {
        if let certificates = known.withLock({ $0[pem] }) { return certificates }
        let certificates = try Certificate.parseBundle(pem: pem, path: path)
        known.withLock { $0[pem] = certificates }
        return certificates
    }
}
