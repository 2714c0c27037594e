// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL
import Secrets
import Spec
import Values

/// A private key: its PEM text, and what libcrypto reads in it, which never leaves this module.
package struct PrivateKey: Sendable {
    /// One PEM block, not encrypted; PKCS#8 (RFC 5958) where it was made here.
    package let pem: SecretBytes
    let shared: SharedKey

    /// Reads PKCS#8, PKCS#1 (RSA) and SEC1 (EC, with or without `EC PARAMETERS`).
    ///
    /// Throws `.encryptedKey` for an encrypted one, without asking anybody for a passphrase, `.malformed` for anything
    /// but one key; `path` is what an error names.
    package init(pem: SecretBytes, path: String) throws(PKIError) {
        self.pem = pem
        shared = SharedKey(try KeyHandle.parse(pem: pem, path: path))
    }

    private init(_ key: consuming KeyHandle, pem: SecretBytes) {
        self.pem = pem
        shared = SharedKey(key)
    }

    /// How files of keys that are not encrypted begin, in as many bytes as `EncryptedPrivateKey.beginning` has: no byte
    /// of a key is in them.
    package static let beginnings = ["PRIVATE K", "RSA PRIVA", "EC PRIVAT", "EC PARAME"].map {
        Array("-----BEGIN \($0)".utf8)
    }

    /// Makes a new key.
    ///
    /// Blocks for 100 to 300 ms for RSA-2048 and for seconds for RSA-4096; may be called from several threads
    /// at once. Throws `.profile` for a size that `KeyAlgorithm` does not document.
    package static func generate(_ algorithm: KeyAlgorithm) throws(PKIError) -> PrivateKey {
        let (operation, subject): (Message, String) = ("generate", "an \(algorithm) key")
        let key = try newKey(algorithm, operation, subject)
        let pointer = key.pointer
        let pem = try pem(operation, subject) {
            PEM_write_bio_PKCS8PrivateKey($0, pointer, nil, nil, 0, nil, nil)
        }
        return PrivateKey(key, pem: pem)
    }

    /// What `write` puts into a buffer that is wiped afterwards.
    static func pem(
        _ operation: Message, _ subject: String, _ write: (_ bio: OpaquePointer) -> Int32
    ) throws(PKIError) -> SecretBytes {
        let buffer = try BIOHandle.wiping()
        try check(operation, subject) { write(buffer.pointer) }
        let count = buffer.count
        let pem = SecretBytes(count: count) { buffer.read(into: $0) }
        guard count > 0, pem.count == count else { throw .openSSL(operation, subject) }
        return pem
    }

    /// Lower-case hex SHA-256 of the key's SubjectPublicKeyInfo in DER, to compare with a certificate's.
    ///
    /// Throws where libcrypto cannot encode it.
    package func publicKeySHA256() throws(PKIError) -> String {
        try Digest.sha256Hex(
            encoded("read the public key of", "the private key") { i2d_PUBKEY(shared.pointer, &$0) })
    }

    /// The digest that is as strong as the key; nil for Ed25519, which brings its own.
    var signatureDigest: OpaquePointer? {
        switch KeyHandle.algorithm(of: shared.pointer) {
        case .ecdsa(384): EVP_sha384()
        case .ecdsa(521): EVP_sha512()
        case .ed25519: nil
        default: EVP_sha256()
        }
    }

    private static func newKey(
        _ algorithm: KeyAlgorithm, _ operation: Message, _ subject: String
    ) throws(PKIError) -> KeyHandle {
        let name: String
        switch algorithm {
        case .rsa(2048), .rsa(3072), .rsa(4096): name = "RSA"
        case .ecdsa(256), .ecdsa(384), .ecdsa(521): name = "EC"
        case .ed25519: name = "ED25519"
        default:
            throw PKIError(
                .profile, operation: operation, subject: subject, underlying: "the size is not supported",
                hint: "use RSA 2048, 3072 or 4096, ECDSA 256, 384 or 521, or Ed25519")
        }
        let context = KeyContextHandle(
            owning: try owned(operation, subject) { EVP_PKEY_CTX_new_from_name(nil, name, nil) })
        try check(operation, subject) { EVP_PKEY_keygen_init(context.pointer) }
        switch algorithm {
        case .rsa(let bits):
            try check(operation, subject) {
                EVP_PKEY_CTX_set_rsa_keygen_bits(context.pointer, Int32(clamping: bits))
            }
        case .ecdsa(let bits):
            try check(operation, subject) { EVP_PKEY_CTX_set_group_name(context.pointer, "P-\(bits)") }
        case .ed25519: break
        }
        var pointer: OpaquePointer?
        try check(operation, subject) { EVP_PKEY_generate(context.pointer, &pointer) }
        return KeyHandle(owning: try owned(operation, subject) { pointer })
    }
}

extension KeyHandle {
    /// The algorithm as a spec names it; nil for any other type or size.
    static func algorithm(of key: OpaquePointer) -> KeyAlgorithm? {
        switch EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA:
            let bits = Int(EVP_PKEY_get_bits(key))
            return [2048, 3072, 4096].contains(bits) ? .rsa(bits: bits) : nil
        case EVP_PKEY_EC:
            var name = [CChar](repeating: 0, count: 64)
            var length = 0
            guard EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1 else { return nil }
            switch OBJ_sn2nid(name) {
            case NID_X9_62_prime256v1: return .ecdsa(bits: 256)
            case NID_secp384r1: return .ecdsa(bits: 384)
            case NID_secp521r1: return .ecdsa(bits: 521)
            default: return nil
            }
        case EVP_PKEY_ED25519: return .ed25519
        default: return nil
        }
    }
}
