// SPDX-License-Identifier: Apache-2.0

import OpenSSL
import Secrets
import Values

/// The text at the beginning of a file in the age format: the key of its content, encrypted with a passphrase.
struct AgeHeader {
    static let version = "age-encryption.org/v1"
    private static let label = "age-encryption.org/v1/scrypt"
    static let (saltBytes, fileKeyBytes) = (16, 16)
    private static let wrappedBytes = fileKeyBytes + AgeCipher.tagBytes
    /// No header for a passphrase is nearly as long.
    private static let limit = 8192

    private let salt: [UInt8]
    let workFactor: Int
    private let wrapped: [UInt8]
    /// What the code at its end is made of: everything up to the three hyphens.
    private let covered: [UInt8]
    private let mac: [UInt8]
    /// How many bytes it takes.
    let count: Int

    // MARK: - Writing

    /// A header for a new file, with the key in it.
    static func text(
        fileKey: SecretBytes, passphrase: SecretBytes, workFactor: Int
    ) throws(PKIError) -> [UInt8] {
        let salt = try AgeCipher.random(saltBytes)
        let key = try wrappingKey(passphrase, salt, workFactor)
        var (wrapped, failure) = ([UInt8](repeating: 0, count: wrappedBytes), PKIError?.none)
        wrapped.withUnsafeMutableBytes { out in
            do throws(PKIError) {
                try fileKey.withUnsafeBytes { plain throws(PKIError) in
                    try AgeCipher.seal(plain, key: key, nonce: nonce, into: out)
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        let stanza = "-> scrypt \(Base64.unpaddedText(salt)) \(workFactor)\n\(Base64.unpaddedText(wrapped))\n"
        let covered = Array("\(version)\n\(stanza)---".utf8)
        let code = try code(covered, fileKey).withUnsafeBytes { Array($0) }
        return covered + Array(" \(Base64.unpaddedText(code))\n".utf8)
    }

    private static let nonce = [UInt8](repeating: 0, count: AgeCipher.nonceBytes)

    private static func wrappingKey(
        _ passphrase: SecretBytes, _ salt: [UInt8], _ workFactor: Int
    ) throws(PKIError) -> SecretBytes {
        try AgeCipher.stretch(passphrase, salt: Array(label.utf8) + salt, workFactor: workFactor)
    }

    private static func code(_ covered: [UInt8], _ fileKey: SecretBytes) throws(PKIError) -> SecretBytes {
        let key = try AgeCipher.derive(from: fileKey, salt: [], info: "header")
        let bytes = covered.withUnsafeBytes { SecretBytes(copying: $0) }
        return try bytes.withUnsafeBytes { text throws(PKIError) in try AgeCipher.mac(text, key: key) }
    }

    // MARK: - Reading

    /// - Parameter file: the whole file, or its beginning.
    /// - Parameter name: what an error names.
    init(_ file: [UInt8], name: Message) throws(AgeError) {
        func error(_ code: AgeErrorCode, _ cause: Message) -> AgeError {
            AgeError(code, operation: "open", subject: name, underlying: cause)
        }
        var rest = file.prefix(Self.limit)
        func line() throws(AgeError) -> [UInt8] {
            guard let end = rest.firstIndex(of: 0x0a) else {
                throw file.count < Self.limit
                    ? error(.truncated, "it ends within its header, as if it were cut off")
                    : error(.notAge, "its header is longer than any for a passphrase")
            }
            defer { rest = rest[(end + 1)...] }
            return Array(rest[..<end])
        }
        let beginning = Array("\(Self.version)\n".utf8)
        guard file.starts(with: beginning) || (!file.isEmpty && beginning.starts(with: file)) else {
            throw error(.notAge, "it is not in the age format, version 1")
        }
        _ = try line()
        let words = try line().split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count >= 2, words[0].elementsEqual("->".utf8) else {
            throw error(.notAge, "its header cannot be read")
        }
        guard words[1].elementsEqual("scrypt".utf8) else {
            throw error(.notPassphrase, "it is encrypted to a key, not with a passphrase")
        }
        guard words.count == 4, let salt = Base64.unpaddedBytes(words[2]), salt.count == Self.saltBytes,
            let factor = Self.number(words[3]), let wrapped = Base64.unpaddedBytes(try line()),
            wrapped.count == Self.wrappedBytes
        else { throw error(.notAge, "its header cannot be read") }
        guard factor <= AgeFile.mostWork else {
            throw error(
                .workFactor,
                "to try one passphrase takes 2^\(factor) KiB of memory, and at most 2^\(AgeFile.mostWork) KiB are used"
            )
        }
        let end = try line()
        guard end.starts(with: "--- ".utf8), let mac = Base64.unpaddedBytes(end[4...]),
            mac.count == AgeCipher.macBytes
        else { throw error(.notAge, "its header cannot be read") }
        (self.salt, workFactor, self.wrapped, self.mac) = (salt, factor, wrapped, mac)
        count = rest.startIndex
        covered = Array(file[..<(count - end.count - 1 + 3)])
    }

    /// A decimal number without a zero in front.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...2).contains(digits.count), digits.first != 0x30,
            digits.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return Int(String(decoding: digits, as: UTF8.self))
    }

    /// The key of the content.
    /// - Throws: `archive/wrong-passphrase`; `archive/damaged` where the header is not what was written.
    func fileKey(_ passphrase: SecretBytes, name: Message) throws -> SecretBytes {
        let key = try Self.wrappingKey(passphrase, salt, workFactor)
        var (isOpen, failure) = (false, PKIError?.none)
        let fileKey = SecretBytes(count: Self.fileKeyBytes) { out in
            wrapped.withUnsafeBytes { sealed in
                do throws(PKIError) {
                    isOpen = try AgeCipher.open(sealed, key: key, nonce: Self.nonce, into: out)
                } catch { failure = error }
            }
            return isOpen ? Self.fileKeyBytes : 0
        }
        if let failure { throw failure }
        guard isOpen else {
            throw AgeError(
                .wrongPassphrase, operation: "open", subject: name,
                underlying: "the passphrase does not open it")
        }
        guard try Self.code(covered, fileKey).withUnsafeBytes({ $0.elementsEqual(mac) }) else {
            throw AgeError(
                .damaged, operation: "open", subject: name, underlying: "its header is not what was written")
        }
        return fileKey
    }
}
