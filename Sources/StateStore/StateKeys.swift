// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import OpenSSL
import PKI
import Secrets
import Values

/// The private keys of a state directory: plain PKCS#8 PEM, or encrypted where the state has a passphrase.
package struct StateKeys: Sendable {
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
    package func key(_ path: String) throws -> SecretBytes? {
        guard let file = try FileReader.readSecret(path) else { return nil }
        guard EncryptedPrivateKey.isEncrypted(file) else { return file }
        guard let passphrase else { throw Self.needed(path) }
        return try EncryptedPrivateKey.decrypt(file, passphrase: passphrase, path: path)
    }

    package static func needed(_ path: String) -> BootstrapError {
        BootstrapError(
            "state/passphrase-needed", status: .usage, "\(path) is encrypted, and no passphrase is given",
            hint: "give the passphrase with --passphrase-file FILE or --passphrase-fd N, "
                + "or to a service as the credential \(PassphraseSource.credentialName)")
    }
}

extension StateDirectory {
    /// The private key files below the directory, those of earlier leaves too.
    struct KeyFiles {
        var plain: [String] = []
        var encrypted: [String] = []
        /// Those that others than their owner may read.
        var exposed: [String] = []
    }

    /// Sorts the keys by what they are.
    /// - Throws: `state/damaged` for what does not begin as a key does.
    func keyFiles() throws -> KeyFiles {
        var files = KeyFiles()
        for name in try keyFileNames() {
            guard let status = try FileStatus.of("\(path)/\(name)") else { continue }
            if try isKeyEncrypted("\(path)/\(name)") {
                files.encrypted.append(name)
            } else {
                files.plain.append(name)
            }
            if status.kind == .regular, status.mode & 0o077 != 0 { files.exposed.append(name) }
        }
        return files
    }

    /// By how its file begins, without a byte of the key.
    /// - Throws: `state/damaged` where it is missing, or begins as no key does.
    func isKeyEncrypted(_ file: String) throws -> Bool {
        let first = try FileReader.first(EncryptedPrivateKey.beginning.count, of: file)
        if first == EncryptedPrivateKey.beginning { return true }
        guard PrivateKey.beginnings.contains(first) else {
            throw damaged(
                file, try FileStatus.of(file) == nil ? "it is missing" : "it does not hold a private key")
        }
        return false
    }

    private func keyFileNames() throws -> [String] {
        let leaves = try owners().flatMap { owner in
            try ids("leaves/\(owner)").map { "leaves/\(owner)/\($0)/key.pem" }
        }
        return try ids("ca").map { "ca/\($0)/ca-key.pem" } + leaves
    }

    /// Puts keys that are not encrypted under the passphrase, each in one rename; called under the lock.
    ///
    /// Only a key that is the one that was issued: under the passphrase nobody would see any more that it is not. Where a
    /// leaf's digest was not written down yet, it is first, so that a run without the passphrase still knows the key.
    package func encrypt(_ names: [String]) throws {
        for name in names {
            let file = "\(path)/\(name)"
            let key = try issuedKey(name)
            if name.hasPrefix("leaves/") { try recordDigest(of: key, beside: file) }
            try AtomicFileWriter.write(
                file, try keys.content(key, path: file), mode: 0o600, owner: fileOwner())
        }
    }

    private func recordDigest(of key: SecretBytes, beside file: String) throws {
        let directory = AtomicFileWriter.split(file).directory
        var record = try issuedRecord(directory)
        guard record.keySHA256 == nil else { return }
        record.keySHA256 = try Digest.sha256Hex(key)
        try AtomicFileWriter.write("\(directory)/issued", .text(record.text), mode: 0o644, owner: fileOwner())
    }
}
