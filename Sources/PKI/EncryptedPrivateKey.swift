// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL
import Secrets
import Values

/// Private keys under a passphrase: PKCS#8 `ENCRYPTED PRIVATE KEY` (RFC 5958) with PBES2, scrypt and AES-256-CBC
/// (RFC 8018, RFC 7914), as `openssl pkcs8 -topk8 -scrypt` writes and reads them.
package enum EncryptedPrivateKey {
    /// scrypt's cost: 16 MiB and some 50 ms for each key; twice as much exceeds libcrypto's own limit of memory.
    static let (cost, blockSize, parallelism) = (UInt64(1 << 14), UInt64(8), UInt64(5))
    private static let saltBytes = 16
    private static let label = "ENCRYPTED PRIVATE KEY"

    /// How such a file begins, and no other: no byte of a key is in it.
    package static let beginning = Array("-----BEGIN ENCRYPTED".utf8)

    /// Whether the PEM text is a key of this form; it is not decoded further.
    package static func isEncrypted(_ pem: SecretBytes) -> Bool {
        pem.withUnsafeBytes { text in
            let beginning = Array("-----BEGIN \(label)-----".utf8)
            return text.count > beginning.count && text.starts(with: beginning)
        }
    }

    /// Puts a key under a passphrase, with a new salt.
    ///
    /// - Parameter pem: one private key that is not encrypted, as `PrivateKey` reads it.
    /// - Parameter path: what an error names.
    package static func encrypt(
        _ pem: SecretBytes, passphrase: SecretBytes, path: String
    ) throws(PKIError) -> SecretBytes {
        let operation: Message = "encrypt the private key"
        let key = try KeyHandle.parse(pem: pem, path: path)
        let content = PKCS8Handle(owning: try owned(operation, path) { EVP_PKEY2PKCS8(key.pointer) })
        var salt = [UInt8](repeating: 0, count: saltBytes)
        try check(operation, path) { RAND_bytes(&salt, Int32(saltBytes)) }
        let algorithm = try owned(operation, path) {
            PKCS5_pbe2_set_scrypt(
                EVP_aes_256_cbc(), salt, Int32(saltBytes), nil, cost, blockSize, parallelism)
        }
        let sealed = passphrase.withUnsafeBytes { bytes in
            ErrorQueue.clear()
            let text = bytes.assumingMemoryBound(to: CChar.self)
            return PKCS8_set0_pbe(text.baseAddress, Int32(clamping: text.count), content.pointer, algorithm)
        }
        guard let sealed else {
            // It takes the algorithm only where it succeeds.
            X509_ALGOR_free(algorithm)
            throw .openSSL(operation, path)
        }
        let encrypted = EncryptedPKCS8Handle(owning: sealed)
        return try PrivateKey.pem(operation, path) { PEM_write_bio_PKCS8($0, encrypted.pointer) }
    }

    /// The key in PKCS#8 PEM, no longer encrypted: the same bytes that `PrivateKey.generate` gave.
    ///
    /// Throws `.wrongPassphrase` where the passphrase does not open it, `.malformed` for anything but one such key.
    package static func decrypt(
        _ pem: SecretBytes, passphrase: SecretBytes, path: String
    ) throws(PKIError) -> SecretBytes {
        let content = PKCS8Handle(
            owning: try pem.withUnsafeBytes { text throws(PKIError) in
                try open(text, passphrase, path)
            })
        let key = KeyHandle(owning: try owned(operation, path) { EVP_PKCS82PKEY(content.pointer) })
        return try PrivateKey.pem(operation, path) {
            PEM_write_bio_PKCS8PrivateKey($0, key.pointer, nil, nil, 0, nil, nil)
        }
    }

    private static let operation: Message = "decrypt the private key"

    private static func open(
        _ text: UnsafeRawBufferPointer, _ passphrase: SecretBytes, _ path: String
    ) throws(PKIError) -> OpaquePointer {
        let found = try PEMBlocks(in: text, operation: operation, subject: path)
        guard found.blocks.count == 1, found.blocks[0].label == label, !found.hasTrailingText else {
            throw malformed(path, "it is not one PEM block \(label)")
        }
        let decoded = try DecodedPEM(
            UnsafeRawBufferPointer(rebasing: text[found.blocks[0].range]), operation: operation, subject: path
        )
        var next = decoded.bytes.baseAddress
        ErrorQueue.clear()
        guard let pointer = d2i_X509_SIG(nil, &next, decoded.bytes.count) else {
            throw .openSSL(operation, path, code: .malformed)
        }
        let encrypted = EncryptedPKCS8Handle(owning: pointer)
        let content = passphrase.withUnsafeBytes { bytes in
            ErrorQueue.clear()
            let text = bytes.assumingMemoryBound(to: CChar.self)
            return PKCS8_decrypt(encrypted.pointer, text.baseAddress, Int32(clamping: text.count))
        }
        guard let content else { throw refused(path) }
        return content
    }

    /// Nothing in the format tells a wrong passphrase from a damaged file, except what only damage gives.
    private static func refused(_ path: String) -> PKIError {
        let cause = PKIError.openSSL(operation, path)
        return PKIError(
            .wrongPassphrase, operation: operation, subject: path,
            underlying: "the passphrase does not open it (\(cause.underlying))",
            hint: "give the passphrase that the state directory was encrypted with; "
                + "`openssl pkey -noout -in FILE` asks for it and shows whether the file is intact")
    }

    private static func malformed(_ path: String, _ cause: Message) -> PKIError {
        PKIError(.malformed, operation: operation, subject: path, underlying: cause)
    }
}
