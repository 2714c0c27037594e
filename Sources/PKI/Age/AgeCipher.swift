// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL
import Secrets
import Values

/// What the age format is made of: ChaCha20-Poly1305 (RFC 8439), HKDF and HMAC with SHA-256 (RFC 5869, RFC 2104), scrypt
/// (RFC 7914).
enum AgeCipher {
    static let (keyBytes, nonceBytes, tagBytes, macBytes) = (32, 12, 16, 32)
    private static let operation: Message = "use"
    private static let cipher = "ChaCha20-Poly1305"

    /// Encrypts `plain` to the beginning of `sealed`, which has room for it and its tag.
    static func seal(
        _ plain: UnsafeRawBufferPointer, key: SecretBytes, nonce: [UInt8],
        into sealed: UnsafeMutableRawBufferPointer
    ) throws(PKIError) {
        let context = try context(key, nonce, encrypts: 1)
        let out = sealed.baseAddress?.assumingMemoryBound(to: UInt8.self)
        var (count, rest) = (Int32(0), Int32(0))
        // Without a place for the result, bytes would be authenticated only; there are none then.
        if !plain.isEmpty {
            try check(operation, cipher) {
                EVP_CipherUpdate(
                    context.pointer, out, &count, plain.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    Int32(clamping: plain.count))
            }
        }
        let end = out?.advanced(by: plain.count)
        try check(operation, cipher) { EVP_CipherFinal_ex(context.pointer, end, &rest) }
        try check(operation, cipher) {
            EVP_CIPHER_CTX_ctrl(context.pointer, EVP_CTRL_AEAD_GET_TAG, Int32(tagBytes), end)
        }
    }

    /// Decrypts `sealed`, which ends with its tag, to the beginning of `plain`, which has room for it.
    /// - Returns: false where it is not what was encrypted with this key and nonce.
    static func open(
        _ sealed: UnsafeRawBufferPointer, key: SecretBytes, nonce: [UInt8],
        into plain: UnsafeMutableRawBufferPointer
    ) throws(PKIError) -> Bool {
        let count = sealed.count - tagBytes
        guard count >= 0 else { return false }
        let context = try context(key, nonce, encrypts: 0)
        let out = plain.baseAddress?.assumingMemoryBound(to: UInt8.self)
        var tag = Array(sealed[count...])
        try check(operation, cipher) {
            EVP_CIPHER_CTX_ctrl(context.pointer, EVP_CTRL_AEAD_SET_TAG, Int32(tagBytes), &tag)
        }
        var (written, rest) = (Int32(0), Int32(0))
        if count > 0 {
            try check(operation, cipher) {
                EVP_CipherUpdate(
                    context.pointer, out, &written,
                    sealed.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(clamping: count))
            }
        }
        var spare = [UInt8](repeating: 0, count: tagBytes)
        let isSame = EVP_CipherFinal_ex(context.pointer, &spare, &rest) == 1
        ErrorQueue.clear()
        return isSame
    }

    private static func context(
        _ key: SecretBytes, _ nonce: [UInt8], encrypts: Int32
    ) throws(PKIError) -> CipherContextHandle {
        let context = CipherContextHandle(owning: try owned(operation, cipher) { EVP_CIPHER_CTX_new() })
        try key.withUnsafeBytes { bytes throws(PKIError) in
            try check(operation, cipher) {
                EVP_CipherInit_ex(
                    context.pointer, EVP_chacha20_poly1305(), nil,
                    bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), nonce, encrypts)
            }
        }
        return context
    }

    /// A key of 32 bytes from another one.
    /// - Parameter salt: empty for none.
    static func derive(from key: SecretBytes, salt: [UInt8], info: String) throws(PKIError) -> SecretBytes {
        let none = [UInt8](repeating: 0, count: macBytes)
        let extracted = try (salt.isEmpty ? none : salt).withSecret { salt throws(PKIError) in
            try key.withUnsafeBytes { bytes throws(PKIError) in try mac(bytes, key: salt) }
        }
        return try (Array(info.utf8) + [1]).withSecret { block throws(PKIError) in
            try block.withUnsafeBytes { bytes throws(PKIError) in try mac(bytes, key: extracted) }
        }
    }

    /// HMAC-SHA256.
    static func mac(_ bytes: UnsafeRawBufferPointer, key: SecretBytes) throws(PKIError) -> SecretBytes {
        var size: UInt32 = 0
        let digest = SecretBytes(count: macBytes) { out in
            key.withUnsafeBytes { key in
                let made = HMAC(
                    EVP_sha256(), key.baseAddress, Int32(clamping: key.count),
                    bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count,
                    out.baseAddress?.assumingMemoryBound(to: UInt8.self), &size)
                return made == nil ? 0 : Int(size)
            }
        }
        guard digest.count == macBytes else { throw .openSSL("use", "HMAC-SHA256") }
        return digest
    }

    /// The key that a passphrase stands for; takes `1 << workFactor` KiB of memory.
    static func stretch(
        _ passphrase: SecretBytes, salt: [UInt8], workFactor: Int
    ) throws(PKIError) -> SecretBytes {
        ErrorQueue.clear()
        let cost = UInt64(1) << UInt64(workFactor)
        let key = SecretBytes(count: keyBytes) { out in
            passphrase.withUnsafeBytes { text in
                let made = EVP_PBE_scrypt(
                    text.baseAddress?.assumingMemoryBound(to: CChar.self), text.count, salt, salt.count,
                    cost, 8, 1, cost * 2048 + (1 << 20),
                    out.baseAddress?.assumingMemoryBound(to: UInt8.self), keyBytes)
                return made == 1 ? keyBytes : 0
            }
        }
        guard key.count == keyBytes else { throw .openSSL("stretch", "the passphrase") }
        return key
    }

    static func random(_ count: Int) throws(PKIError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try check("make", "random bytes") { RAND_bytes(&bytes, Int32(clamping: count)) }
        return bytes
    }

    /// A new key.
    static func randomKey(_ count: Int) throws(PKIError) -> SecretBytes {
        ErrorQueue.clear()
        let key = SecretBytes(count: count) { out in
            RAND_priv_bytes(out.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(clamping: count)) == 1
                ? count : 0
        }
        guard key.count == count else { throw .openSSL("make", "a key") }
        return key
    }
}

extension [UInt8] {
    /// The bytes, which are no secret, as what a key is.
    fileprivate func withSecret<R>(
        _ body: (SecretBytes) throws(PKIError) -> R
    ) throws(PKIError) -> R {
        try body(withUnsafeBytes { SecretBytes(copying: $0) })
    }
}
