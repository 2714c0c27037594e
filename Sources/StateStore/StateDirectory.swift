// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import OpenSSL
import PKI
import Planning
import Secrets
import Values

/// The directory that holds a cluster's CA generations and issued leaves, with their keys.
///
/// ```
/// cluster                              the cluster's name
/// lock                                 flock; who holds it
/// ledger.jsonl                         what was done, one JSON object a line
/// compromised                          CAs that must not be trusted again, one a line
/// rollback                             a roll-back that has not ended
/// ca/0001-3f9a02c4/ca.pem, ca-key.pem  and `foreign`, `dropped` or `external` where it is such a one, which may lack the key
/// ca/0002-77b1e0d9/cross-signed.pem    its name and key as signed by the CA before it, where that was asked for
/// pending/NODE, requests               keys whose certificates people sign, and what they are given (`PendingRequests`)
/// leaves/NODE/0001/certificate.pem, key.pem, issued
/// ```
/// A generation or leaf is a directory that is filled under another name and then renamed, so it is there whole or not at all.
/// The newest has the highest number; `issued` says what certificate and key a leaf is, and nothing else is taken from there.
/// Where a generation has a cross certificate, nodes get each of its leaves with that behind it.
package struct StateDirectory: Sendable {
    package let path: String
    package let cluster: String
    package let keys: StateKeys
    let reader: CertificateReader

    /// Files that mark a generation.
    static let (foreign, dropped, external) = ("foreign", "dropped", "external")
    /// Begins the name of a directory that is still being filled.
    static let unfinished = ".unfinished-"

    /// - Parameter passphrase: what new private keys are encrypted with and encrypted ones are opened with.
    package init(path: String, cluster: String, passphrase: SecretBytes? = nil) {
        self.init(path: path, cluster: cluster, passphrase: passphrase, reader: CertificateReader())
    }

    package init(path: String, cluster: String, passphrase: SecretBytes?, reader: CertificateReader) {
        self.path = path
        self.cluster = cluster
        self.reader = reader
        keys = StateKeys(passphrase: passphrase)
    }

    /// Makes the directory for its cluster where it is missing, takes its lock and removes what a killed run left.
    /// - Throws: `state/locked` (exit 75) while another run holds the lock.
    package func lock() throws -> AdvisoryLock {
        // Before anything is written: what is not ours stays as it is.
        if try isThere() { try checkCluster() }
        try AtomicFileWriter.makeDirectories(path, mode: 0o700)
        let lock = try takeLock()
        try checkCluster()
        return lock
    }

    private func takeLock() throws -> AdvisoryLock {
        let owner = try fileOwner()
        do {
            return try AdvisoryLock(path: "\(path)/lock", owner: owner)
        } catch {
            guard error.code == .locked else { throw error }
            throw BootstrapError(
                "state/locked", status: .locked, "cannot change \(path): \(error.underlying)",
                hint: error.hint)
        }
    }

    /// Writes down whose state this is, and removes what a killed run left half made; called under the lock.
    package func prepareForChange() throws {
        if try FileReader.read("\(path)/cluster") == nil {
            try AtomicFileWriter.write(
                "\(path)/cluster", .text(cluster + "\n"), mode: 0o644, owner: fileOwner())
        }
        try removeUnfinished()
    }

    /// Removes what a killed run left half made, keys among it; called under the lock.
    package func removeUnfinished() throws {
        for id in try FileReader.list("\(path)/ca") where !id.hasPrefix(".") {
            try removeUnfinishedCrossCertificate(id)
        }
        try RetiredPair(state: self).removeUnbegun()
        let leaves = try FileReader.list("\(path)/leaves").map { "\(path)/leaves/\($0)" }
        for parent in ["\(path)/ca", "\(path)/pending"] + leaves {
            // Before it has its mode, such a directory has another dot in front.
            for name in try FileReader.list(parent)
            where name.hasPrefix(Self.unfinished) || name.hasPrefix(".\(Self.unfinished)") {
                try AtomicFileWriter.removeTree("\(parent)/\(name)")
            }
        }
    }

    /// Stores a CA generation under the next number.
    /// - Parameters:
    ///   - key: nil for one whose key is not kept, or elsewhere.
    ///   - isExternal: whether something else has its key, and signs.
    package func addGeneration(
        _ certificate: Certificate, key: SecretBytes?, isExternal: Bool = false,
        after inventory: StateInventory
    ) throws {
        let name = Self.generationID(certificate.summary, after: inventory)
        var files: [NewDirectory.File] = [
            ("ca.pem", .bytes(certificate.pem), 0o644)
        ]
        if let key {
            files.append(
                ("ca-key.pem", try keys.content(key, path: "\(path)/ca/\(name)/ca-key.pem"), 0o600))
        }
        if isExternal { files.append((Self.external, .text("its key is elsewhere\n"), 0o644)) }
        try add([directory(name, in: "\(path)/ca", files)])
    }

    /// The id that `addGeneration` gives a certificate.
    static func generationID(_ certificate: CertificateSummary, after inventory: StateInventory) -> String {
        generationID(certificate, number: (inventory.generations.last.flatMap { number($0.id) } ?? 0) + 1)
    }

    /// The id of a certificate as the generation with this number.
    static func generationID(_ certificate: CertificateSummary, number: Int) -> String {
        let generation = certificate.subjectKeyIdentifier ?? certificate.fingerprintSHA256
        return "\(padded(number))-\(generation.prefix(8))"
    }

    /// Stores a CA that was made elsewhere, without its key, while it is replaced.
    package func addForeignGeneration(
        _ certificate: CertificateSummary, pem: [UInt8], after inventory: StateInventory
    )
        throws
    {
        try add([
            directory(
                Self.generationID(certificate, after: inventory), in: "\(path)/ca",
                [("ca.pem", .bytes(pem), 0o644), (Self.foreign, .text("found on the nodes\n"), 0o644)])
        ])
    }

    /// A leaf that was signed and is not in the state yet.
    package struct NewLeaf {
        let certificate: Certificate
        /// PEM, not encrypted.
        let key: SecretBytes
        let owner: String
        let profile: String
        /// Id of the generation that signed it.
        let generation: String
    }

    /// Stores leaves of as many owners, each under its owner's next number.
    package func addLeaves(_ leaves: [NewLeaf], after inventory: StateInventory) throws {
        try add(
            leaves.map { leaf in
                let number = (inventory.leaves[leaf.owner].flatMap { Self.number($0.id) } ?? 0) + 1
                let (parent, name) = ("\(path)/leaves/\(leaf.owner)", Self.padded(number))
                let record = IssuedRecord(
                    generation: leaf.generation, profile: leaf.profile,
                    keySHA256: try Digest.sha256Hex(leaf.key),
                    certificateSHA256: leaf.certificate.summary.fingerprintSHA256)
                let key = try keys.content(leaf.key, path: "\(parent)/\(name)/key.pem")
                return directory(
                    name, in: parent,
                    [
                        ("certificate.pem", .bytes(leaf.certificate.pem), 0o644), ("key.pem", key, 0o600),
                        ("issued", .text(record.text), 0o644),
                    ])
            })
    }

    /// A CA generation, ready to sign.
    /// - Throws: `state/passphrase-needed`, `pki/wrong-passphrase`, `state/damaged`.
    package func authority(_ generation: CAGeneration) throws -> (certificate: Certificate, key: PrivateKey) {
        let directory = "\(path)/ca/\(generation.id)"
        let certificate = try self.certificate("\(directory)/ca.pem")
        let file = "\(directory)/ca-key.pem"
        guard let key = try keys.key(file) else { throw damaged(file, "it is missing") }
        return (certificate, try check(key, file, belongsTo: certificate))
    }

    /// The private key of an owner's newest leaf, as nodes have it.
    /// - Throws: as `authority`; `state/damaged` where it is not the key that was written down.
    package func leafKey(_ leaf: IssuedLeaf, owner: String) throws -> SecretBytes {
        let file = "\(path)/leaves/\(owner)/\(leaf.id)/key.pem"
        guard let key = try keys.key(file) else { throw damaged(file, "it is missing") }
        let certificate = try reader.bundle(pem: leaf.certificatePEM, path: file)[0]
        try check(key, file, belongsTo: certificate, digest: leaf.keySHA256)
        return key
    }

    /// Reads the private keys of proxy clients, each when it is needed; nil for an owner without one.
    /// - Parameter signing: during a CA's rotation, whose leaves the nodes get: going back, these are not the newest ones.
    package func leafKeys(
        _ inventory: StateInventory, signing: CAGeneration? = nil
    ) -> @Sendable (_ owner: String) throws -> SecretBytes? {
        { owner in
            let leaf =
                signing.map { inventory.leaf(of: owner, signedBy: $0) } ?? inventory.leaves[owner]
            return try leaf.map { try leafKey($0, owner: owner) }
        }
    }

    // MARK: - Parts

    /// Whose the files are that root makes in somebody else's state, as with sudo; nil for this process's user.
    func fileOwner() throws -> FileOwner? {
        guard LocalHost.isRoot, let status = try FileStatus.of(path), status.userID != 0 else { return nil }
        return FileOwner(userID: status.userID, groupID: status.groupID)
    }

    /// Files that are there in a state alone, and not before it has its `cluster`.
    static let contents: Set<String> = [
        "ca", "leaves", "ledger.jsonl", "compromised", "pending", "rollback", "retired",
    ]

    package func checkCluster() throws {
        let file = "\(path)/cluster"
        guard let bytes = try FileReader.read(file, limit: 4096) else {
            guard try FileReader.list(path).contains(where: Self.contents.contains) else {
                return try checkLock()
            }
            throw damaged(
                file, "it is missing, so the cluster of this directory is unknown",
                hint:
                    "restore it from the backup; if this directory is \(cluster)'s: echo \(cluster) >\(file)"
            )
        }
        let line = bytes.prefix { $0 != 0x0a }
        let name = String(decoding: line, as: UTF8.self)
        guard !line.isEmpty else {
            throw damaged(file, "it is empty, so the cluster of this directory is unknown")
        }
        guard !line.elementsEqual(cluster.utf8) else { return }
        throw BootstrapError(
            "state/other-cluster",
            "the state directory \(path) belongs to the cluster \(name), not to \(cluster)",
            hint: "give \(cluster)'s own directory with --state, or correct `cluster` in the spec")
    }

    /// Before a directory is known as a state, a file called `lock` in it may be anybody's.
    private func checkLock() throws {
        let file = "\(path)/lock"
        guard let status = try FileStatus.of(file) else { return }
        if status.kind == .regular, let text = try FileReader.read(file, limit: 4096),
            AdvisoryLock.isHolder(text)
        {
            return
        }
        throw BootstrapError(
            "state/foreign-lock",
            "cannot use the state directory \(path): it holds no state, and \(file) was not written by aggbootstrap",
            hint: "use another directory with --state, or move that file away")
    }

    /// - Throws: `state/not-a-directory` where something else is at the path, a link too.
    package func isThere() throws -> Bool {
        guard let status = try FileStatus.of(path) else { return false }
        guard status.kind == .directory else {
            let what: Message =
                status.kind == .symbolicLink
                ? "it is a symbolic link, which is not followed" : "it is not a directory"
            throw BootstrapError(
                "state/not-a-directory", "cannot use the state directory \(path): \(what)",
                hint: "give a directory with --state, or stateDirectory in the spec")
        }
        return true
    }

    func certificate(_ file: String) throws -> Certificate {
        guard let bytes = try FileReader.read(file) else { throw damaged(file, "it is missing") }
        let certificates: [Certificate]
        do { certificates = try reader.bundle(pem: bytes, path: file) } catch {
            throw damaged(file, "\(error)")
        }
        guard certificates.count == 1 else { throw damaged(file, "it holds more than one certificate") }
        return certificates[0]
    }

    package func damaged(
        _ file: String, _ why: Message,
        hint: Message = "restore the state directory from its backup; nothing was changed"
    ) -> BootstrapError {
        BootstrapError("state/damaged", "cannot use the state file \(file): \(why)", hint: hint)
    }

    private func directory(_ name: String, in parent: String, _ files: [NewDirectory.File]) -> NewDirectory {
        NewDirectory(name, in: parent, unfinished: Self.unfinished, files: files)
    }

    private func add(_ directories: [NewDirectory]) throws {
        try AtomicFileWriter.addDirectories(directories, mode: 0o700, owner: fileOwner())
    }

    static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
