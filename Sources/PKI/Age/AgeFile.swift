// SPDX-License-Identifier: Apache-2.0

import OpenSSL
import Secrets
import Values

/// Files under a passphrase in the age format, version 1, as `age -p` writes and `age -d` opens them.
///
/// Source: C2SP, "The age file encryption format": a header with the file's key under scrypt and ChaCha20-Poly1305,
/// then the content in chunks of 64 KiB (STREAM), the last of which is marked, so that nothing can be cut off.
package enum AgeFile {
    /// scrypt's cost as age chooses it: 256 MiB and about a second.
    package static let workFactor = 18
    /// The most that is taken from a file: 1 GiB.
    package static let mostWork = 20

    /// How such a file begins.
    package static let beginning = Array("\(AgeHeader.version)\n".utf8)
    private static let armour = "AGE ENCRYPTED FILE"
    private static let (chunk, nonceBytes) = (64 << 10, 16)

    /// - Parameter workFactor: the binary logarithm of scrypt's cost.
    package static func encrypt(
        _ content: SecretBytes, passphrase: SecretBytes, workFactor: Int = workFactor
    ) throws(PKIError) -> [UInt8] {
        let fileKey = try AgeCipher.randomKey(AgeHeader.fileKeyBytes)
        let nonce = try AgeCipher.random(nonceBytes)
        let head =
            try AgeHeader.text(fileKey: fileKey, passphrase: passphrase, workFactor: workFactor) + nonce
        let key = try AgeCipher.derive(from: fileKey, salt: nonce, info: "payload")
        let chunks = max(1, (content.count + chunk - 1) / chunk)
        let size = head.count + content.count + chunks * AgeCipher.tagBytes
        var failure: PKIError?
        let file = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
            let out = UnsafeMutableRawBufferPointer(buffer)
            out.copyBytes(from: head)
            do throws(PKIError) {
                try content.withUnsafeBytes { plain throws(PKIError) in
                    for number in 0..<chunks {
                        let from = number * chunk
                        let part = from..<min(from + chunk, plain.count)
                        let place = head.count + from + number * AgeCipher.tagBytes
                        try AgeCipher.seal(
                            UnsafeRawBufferPointer(rebasing: plain[part]), key: key,
                            nonce: chunkNonce(number, isLast: number == chunks - 1),
                            into: UnsafeMutableRawBufferPointer(rebasing: out[place...]))
                    }
                }
            } catch { failure = error }
            filled = size
        }
        if let failure { throw failure }
        return file
    }

    /// - Parameter name: what an error names.
    /// - Throws: `AgeError`; `PKIError` where libcrypto fails.
    package static func decrypt(
        _ file: [UInt8], passphrase: SecretBytes, name: Message
    ) throws -> SecretBytes {
        let file = try binary(file, name: name)
        let header = try AgeHeader(file, name: name)
        let fileKey = try header.fileKey(passphrase, name: name)
        let start = header.count + nonceBytes
        guard file.count >= start + AgeCipher.tagBytes else {
            throw AgeError(
                .truncated, operation: "open", subject: name,
                underlying: "it ends within its header, as if it were cut off")
        }
        let key = try AgeCipher.derive(
            from: fileKey, salt: Array(file[header.count..<start]), info: "payload")
        let sealed = file.count - start
        let chunks = (sealed + chunk + AgeCipher.tagBytes - 1) / (chunk + AgeCipher.tagBytes)
        var failure: (any Error)?
        let content = SecretBytes(count: sealed) { out in
            var filled = 0
            file.withUnsafeBytes { bytes in
                do {
                    for number in 0..<chunks {
                        let from = start + number * (chunk + AgeCipher.tagBytes)
                        let part = bytes[from..<min(from + chunk + AgeCipher.tagBytes, file.count)]
                        let place = UnsafeMutableRawBufferPointer(rebasing: out[filled...])
                        try open(
                            UnsafeRawBufferPointer(rebasing: part), key, number, isLast: number == chunks - 1,
                            into: place, name)
                        filled += part.count - AgeCipher.tagBytes
                    }
                } catch {
                    // What was decrypted before it was found out is wiped too.
                    (failure, filled) = (error, out.count)
                }
            }
            return filled
        }
        if let failure { throw failure }
        return content
    }

    private static func open(
        _ sealed: UnsafeRawBufferPointer, _ key: SecretBytes, _ number: Int, isLast: Bool,
        into plain: UnsafeMutableRawBufferPointer, _ name: Message
    ) throws {
        let isEmpty = sealed.count == AgeCipher.tagBytes && number > 0
        let nonce = chunkNonce(number, isLast: isLast)
        if !isEmpty, try AgeCipher.open(sealed, key: key, nonce: nonce, into: plain) { return }
        throw isLast
            ? AgeError(
                .truncated, operation: "open", subject: name,
                underlying: "its last part is not whole: it was cut off or changed")
            : AgeError(.damaged, operation: "open", subject: name, underlying: "a part of it was changed")
    }

    /// The chunk's number in 11 bytes, and whether it is the last one.
    private static func chunkNonce(_ number: Int, isLast: Bool) -> [UInt8] {
        let counter = (0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        return [0, 0, 0] + counter + [isLast ? 1 : 0]
    }

    /// The file as it is, or what its text form (`age -a`) stands for.
    static func binary(_ file: [UInt8], name: Message) throws(AgeError) -> [UInt8] {
        guard file.starts(with: "-----BEGIN \(armour)-----".utf8) else { return file }
        var lines = file.split(separator: 0x0a).map { $0.last == 0x0d ? $0.dropLast() : $0 }
        while lines.last?.isEmpty == true { lines.removeLast() }
        guard lines.count > 2, lines[lines.count - 1].elementsEqual("-----END \(armour)-----".utf8) else {
            throw AgeError(
                .truncated, operation: "open", subject: name, underlying: "the last line of it is missing")
        }
        guard let bytes = Base64.bytes(lines[1..<(lines.count - 1)].joined()) else {
            throw AgeError(.damaged, operation: "open", subject: name, underlying: "it is not base64")
        }
        return bytes
    }
}
