// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL
import Planning
import Secrets
import Values

/// A certificate and the private key that belongs to it.
package enum KeyPair {
    /// Whether `key` is the private key of `certificate`'s public key, proven by a signature.
    ///
    /// Throws where the key cannot be read, or libcrypto does not know the type of the certificate's key.
    package static func matches(certificate: Certificate, key: SecretBytes) throws(PKIError) -> Bool {
        let path = "the private key of \(certificate.summary.subject)"
        return try matches(certificate: certificate, key: PrivateKey(pem: key, path: path))
    }

    /// As above, with a key that has been read or made before.
    package static func matches(certificate: Certificate, key: PrivateKey) throws(PKIError) -> Bool {
        let subject = certificate.summary.subject
        let (pointer, keyPointer) = (certificate.x509.pointer, key.shared.pointer)
        let publicKey = try owned("read the public key of", subject) { X509_get0_pubkey(pointer) }
        defer { ErrorQueue.clear() }
        // This compares the public half that the key file carries; a damaged private half passes it.
        guard X509_check_private_key(pointer, keyPointer) == 1 else { return false }
        return try verifies(signature(by: keyPointer, subject), by: publicKey, subject)
    }

    private static let probe = Array("a key pair signs and verifies".utf8)

    private static func digest(for key: OpaquePointer) -> OpaquePointer? {
        EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? nil : EVP_sha256()
    }

    private static func signature(by key: OpaquePointer, _ subject: String) throws(PKIError) -> [UInt8] {
        let (operation, subject): (Message, String) = ("sign with", "the private key of \(subject)")
        let context = DigestContextHandle(owning: try owned(operation, subject) { EVP_MD_CTX_new() })
        try check(operation, subject) { EVP_DigestSignInit(context.pointer, nil, digest(for: key), nil, key) }
        var count = 0
        try check(operation, subject) { EVP_DigestSign(context.pointer, nil, &count, probe, probe.count) }
        var signature = [UInt8](repeating: 0, count: count)
        try check(operation, subject) {
            EVP_DigestSign(context.pointer, &signature, &count, probe, probe.count)
        }
        return Array(signature.prefix(count))
    }

    private static func verifies(
        _ signature: [UInt8], by key: OpaquePointer, _ subject: String
    ) throws(PKIError) -> Bool {
        let operation: Message = "check a signature with"
        let context = DigestContextHandle(owning: try owned(operation, subject) { EVP_MD_CTX_new() })
        try check(operation, subject) {
            EVP_DigestVerifyInit(context.pointer, nil, digest(for: key), nil, key)
        }
        return EVP_DigestVerify(context.pointer, signature, signature.count, probe, probe.count) == 1
    }
}
