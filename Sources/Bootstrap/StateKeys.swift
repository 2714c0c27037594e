// SPDX-License-Identifier: Apache-2.0

import NodeAccess
import PKI
import Secrets

/// The private keys of a state directory: plain PKCS#8 PEM, or encrypted where the state has a passphrase.
struct StateKeys: Sendable {
    /// nil where none was given; what is encrypted then stays closed.
    let passphrase: SecretBytes?

    /// What a key's file holds: the key under the passphrase, or as it is where there is none.
    func content(_ key: SecretBytes, path: String) throws -> FileContent {
        guard let passphrase else { return .secret(key) }
        return .secret(try EncryptedPrivateKey.encrypt(key, passphrase: passphrase, path: path))
    }

    /// The key in `path`, no longer encrypted.
    /// - Returns: nil where there is no such file.
    /// - Throws: `state/passphrase-needed`; `pki/wrong-passphrase`.
    func key(_ path: String) throws -> SecretBytes? {
        guard let file = try FileReader.readSecret(path) else { return nil }
        guard EncryptedPrivateKey.isEncrypted(file) else { return file }
        guard let passphrase else { throw Self.needed(path) }
        return try EncryptedPrivateKey.decrypt(file, passphrase: passphrase, path: path)
    }

    static func needed(_ path: String) -> BootstrapError {
        BootstrapError(
            "state/passphrase-needed", status: .usage, "\(path) is encrypted, and no passphrase was given",
            hint: "give it with --passphrase-file FILE or --passphrase-fd N, "
                + "or to a service as the credential \(PassphraseSource.credentialName)")
    }
}

extension StateDirectory {
    /// Paths of the private keys below the directory, those of earlier leaves too, sorted by what they are.
    func keyFiles() throws -> (plain: [String], encrypted: [String]) {
        var files: (plain: [String], encrypted: [String]) = ([], [])
        for name in try keyFileNames() {
            guard let isEncrypted = try isKeyEncrypted("\(path)/\(name)") else { continue }
            if isEncrypted {
                files.encrypted.append(name)
            } else {
                files.plain.append(name)
            }
        }
        return files
    }

    /// By how its file begins, without a byte of the key; nil where there is none.
    func isKeyEncrypted(_ file: String) throws -> Bool? {
        guard try FileStatus.of(file) != nil else { return nil }
        let beginning = EncryptedPrivateKey.beginning
        return try FileReader.first(beginning.count, of: file) == beginning
    }

    private func keyFileNames() throws -> [String] {
        func visible(_ directory: String) throws -> [String] {
            try FileReader.list("\(path)/\(directory)").filter { !$0.hasPrefix(".") }
                .map { "\(directory)/\($0)" }
        }
        return try visible("ca").map { "\($0)/ca-key.pem" }
            + visible("leaves").flatMap { try visible($0).map { "\($0)/key.pem" } }
    }

    /// Puts keys that are not encrypted under the passphrase, each in one rename; called under the lock.
    ///
    /// A leaf's digest is written down first, so that a run without the passphrase still knows the key.
    func encrypt(_ names: [String]) throws {
        for name in names {
            let file = "\(path)/\(name)"
            guard let key = try keys.key(file) else { continue }
            if name.hasPrefix("leaves/") { try recordDigest(of: key, beside: file) }
            try AtomicFileWriter.write(file, try keys.content(key, path: file), mode: 0o600)
        }
    }

    private func recordDigest(of key: SecretBytes, beside file: String) throws {
        let path = "\(AtomicFileWriter.split(file).directory)/issued"
        guard var record = IssuedRecord(try FileReader.read(path) ?? []) else { return }
        record.keySHA256 = try Digest.sha256Hex(key)
        try AtomicFileWriter.write(path, .text(record.text), mode: 0o644)
    }
}

/// What the file `issued` beside a leaf says: the CA generation, the profile and the key's digest, a line each.
struct IssuedRecord: Equatable {
    var generation: String
    var profile: String
    /// Of the key file as nodes have it, in lower-case hex; nil in states of an early version.
    var keySHA256: String?

    init(generation: String, profile: String, keySHA256: String?) {
        self.generation = generation
        self.profile = profile
        self.keySHA256 = keySHA256
    }

    /// nil where the bytes are not two or three lines.
    init?(_ bytes: [UInt8]) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard lines.count == 2 || lines.count == 3 else { return nil }
        self.init(
            generation: String(lines[0]), profile: String(lines[1]),
            keySHA256: lines.count == 3 ? String(lines[2]) : nil)
    }

    var text: String {
        ([generation, profile] + (keySHA256.map { [$0] } ?? [])).joined(separator: "\n") + "\n"
    }
}
