// SPDX-License-Identifier: Apache-2.0

import OpenSSL
import Planning
import Synchronization
import Values

/// Reads certificates and remembers them for the rest of the run: the same bytes lie in the state directory and on
/// every node, are looked at by several stages, and libcrypto takes a quarter of a millisecond for each.
package final class CertificateReader: Sendable {

    /// How many files are remembered; when they are more, all are forgotten.
    private let limit: Int

    package init(limit: Int = .max) { self.limit = limit }

    private let known = Mutex<[[UInt8]: [Certificate]]>([:])
    /// Pairs of a certificate and the CA that it was seen to be signed by.
    private let signed = Mutex<Set<String>>([])

    /// The certificates of a PEM file, one or more.
    package func bundle(pem: [UInt8], path: String) throws(PKIError) -> [Certificate] {
        if let certificates = known.withLock({ $0[pem] }) { return certificates }
        let certificates = try Certificate.parseBundle(pem: pem, path: path)
        // The bytes are held once where they are the certificate's own.
        let key = certificates.first.flatMap { $0.pem == pem ? $0.pem : nil } ?? pem
        known.withLock { known in
            if known.count >= limit { known.removeAll(keepingCapacity: true) }
            known[key] = certificates
        }
        return certificates
    }

    /// The same bytes, held once where they have been read as certificates before: a thousand nodes have as many.
    package func shared(_ bytes: [UInt8]) -> [UInt8] {
        known.withLock { known in known.index(forKey: bytes).map { known[$0].key } ?? bytes }
    }

    /// Whether `certificate` names `ca` as its issuer and has its signature; times do not count.
    package func isSigned(_ certificate: Certificate, by ca: Certificate) -> Bool {
        let pair = certificate.summary.fingerprintSHA256 + ca.summary.fingerprintSHA256
        if signed.withLock({ $0.contains(pair) }) { return true }
        guard ChainVerifier.isSigned(certificate, by: ca) else { return false }
        signed.withLock { signed in
            if signed.count >= limit { signed.removeAll(keepingCapacity: true) }
            signed.insert(pair)
        }
        return true
    }
}
