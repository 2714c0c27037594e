// SPDX-License-Identifier: Apache-2.0

@testable import PKI
import Secrets
import Values

/// Encrypted archives in the age format.
///
/// What was encrypted is decrypted to the same bytes, and one byte that was changed anywhere is found out. The first
/// bytes say which one.
enum AgeTarget {
    private static func secret(_ bytes: some Collection<UInt8>) -> SecretBytes {
        Array(bytes).withUnsafeBytes { SecretBytes(copying: $0) }
    }

    private static let passphrase = secret("fuzz".utf8)

    static func run(_ bytes: [UInt8]) {
        // A large work factor takes a gigabyte, as it should.
        if let file = try? AgeFile.binary(bytes, name: "f"), let header = try? AgeHeader(file, name: "f") {
            require(header.count <= file.count, "a header is longer than its file")
            if header.workFactor < 3 { _ = try? AgeFile.decrypt(bytes, passphrase: passphrase, name: "f") }
        }
        guard bytes.count > 3 else { return }
        let content = secret(bytes.dropFirst(3))
        guard var file = try? AgeFile.encrypt(content, passphrase: passphrase, workFactor: 1) else {
            fatalError("PROPERTY: it cannot be encrypted")
        }
        guard let again = try? AgeFile.decrypt(file, passphrase: passphrase, name: "f") else {
            fatalError("PROPERTY: our own file cannot be opened")
        }
        let isSame = again.withUnsafeBytes { new in content.withUnsafeBytes { $0.elementsEqual(new) } }
        require(isSame, "what is decrypted is something else")
        let place = (Int(bytes[0]) << 8 | Int(bytes[1])) % file.count
        file[place] ^= max(1, bytes[2])
        let factor = (try? AgeHeader(file, name: "f"))?.workFactor ?? 0
        guard factor < 10 else { return }
        require(
            (try? AgeFile.decrypt(file, passphrase: passphrase, name: "f")) == nil,
            "byte \(place) was changed by \(bytes[2]), and nobody sees it")
    }
}
