// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Secrets
import Values

extension KeyHandle {
    private static var reading: Message { "read the private key" }

    /// The one private key in `pem`: PKCS#8, PKCS#1 (RSA) or SEC1 (EC, with or without `EC PARAMETERS`).
    ///
    /// - Throws: `.encryptedKey` for an encrypted one, without asking anybody for a passphrase; `.malformed` for
    ///   anything but one key. `path` is what an error names.
    package static func parse(pem: SecretBytes, path: String) throws(PKIError) -> KeyHandle {
        KeyHandle(owning: try pem.withUnsafeBytes { text throws(PKIError) in try parse(text, path) })
    }

    private static func parse(
        _ text: UnsafeRawBufferPointer, _ path: String
    ) throws(PKIError) -> OpaquePointer {
        let found = try PEMBlocks(in: text, operation: reading, subject: path)
        var blocks = found.blocks
        // `openssl ecparam -genkey` writes the curve first; the key block names it again.
        if blocks.count == 2, blocks[0].label == "EC PARAMETERS" { blocks.removeFirst() }
        guard let block = blocks.first, block.isPrivateKey else {
            throw malformed(path, blocks.isEmpty ? "it has no PEM block" : "its block is \(blocks[0].label)")
        }
        guard blocks.count == 1, !found.hasTrailingText else {
            throw malformed(path, "something follows the private key")
        }
        if block.label == "ENCRYPTED PRIVATE KEY" { throw encrypted(path) }
        let decoded = try DecodedPEM(
            UnsafeRawBufferPointer(rebasing: text[block.range]), operation: reading, subject: path)
        switch decoded.headers {
        case .none: break
        case .encrypted: throw encrypted(path)
        case .other: throw malformed(path, "its PEM block holds lines that are not base64")
        }
        return try decode(decoded.bytes, label: block.label, path)
    }

    /// No function in here takes a passphrase callback, so libcrypto has nothing to ask with.
    private static func decode(
        _ der: UnsafeBufferPointer<UInt8>, label: String, _ path: String
    ) throws(PKIError) -> OpaquePointer {
        var next = der.baseAddress
        var key: OpaquePointer?
        ErrorQueue.clear()
        switch label {
        case "PRIVATE KEY":
            if let info = d2i_PKCS8_PRIV_KEY_INFO(nil, &next, der.count) {
                key = EVP_PKCS82PKEY(info)
                PKCS8_PRIV_KEY_INFO_free(info)
            }
        case "RSA PRIVATE KEY": key = d2i_PrivateKey(EVP_PKEY_RSA, nil, &next, der.count)
        case "EC PRIVATE KEY": key = d2i_PrivateKey(EVP_PKEY_EC, nil, &next, der.count)
        default: throw malformed(path, "a block \(label) is not supported")
        }
        guard let key else {
            throw .openSSL(
                reading, path, code: .malformed,
                hint: "it must be PKCS#8, PKCS#1 or SEC1 in PEM, not encrypted")
        }
        guard let base = der.baseAddress, next == base + der.count else {
            EVP_PKEY_free(key)
            throw malformed(path, "bytes follow the key within its PEM block")
        }
        return key
    }

    private static func malformed(_ path: String, _ cause: Message) -> PKIError {
        PKIError(.malformed, operation: reading, subject: path, underlying: cause)
    }

    private static func encrypted(_ path: String) -> PKIError {
        PKIError(
            .encryptedKey, operation: reading, subject: path, underlying: "it is encrypted",
            hint: "kube-apiserver reads no encrypted key; decrypt it with `openssl pkey -in FILE -out NEW`")
    }
}
