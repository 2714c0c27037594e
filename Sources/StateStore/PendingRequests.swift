// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import OpenSSL
import PKI
import Planning
import Values

/// Keys whose certificates are signed by hand, each with its request, until the certificate is there.
///
/// ```
/// pending/NODE/key.pem, request.csr  encrypted where the state has a passphrase; as it was made
/// pending/NODE/asked                 the profile, and the public key's SHA-256, a line each
/// ```
/// Such a directory is filled under another name and then renamed, like those of leaves.
struct PendingRequests: Sendable {
    struct Request: Equatable {
        let csr: [UInt8]
        /// `CertificateProfile.canonicalText` of what is asked for.
        let profile: String
        let publicKeySHA256: String
    }

    let state: StateDirectory

    private var folder: String { "\(state.path)/pending" }

    /// The request that waits for an owner's certificate; nil where none does, or it is not whole.
    func request(_ owner: String) throws -> Request? {
        guard let csr = try FileReader.read("\(folder)/\(owner)/request.csr"),
            let asked = try FileReader.read("\(folder)/\(owner)/asked")
        else { return nil }
        let lines = asked.split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) }
        guard lines.count == 2, try FileStatus.of("\(folder)/\(owner)/key.pem") != nil else { return nil }
        return Request(csr: csr, profile: lines[0], publicKeySHA256: lines[1])
    }

    /// The key of a request.
    /// - Throws: `state/damaged` where it is not; `state/passphrase-needed`.
    func key(_ owner: String, of request: Request) throws -> PrivateKey {
        let file = "\(folder)/\(owner)/key.pem"
        guard let pem = try state.keys.key(file) else { throw state.damaged(file, "it is missing") }
        let key = try PrivateKey(pem: pem, path: file)
        guard try key.publicKeySHA256() == request.publicKeySHA256 else {
            throw state.damaged(
                file, "it does not belong to the request beside it",
                hint: "remove \(folder)/\(owner): the next run makes a new request")
        }
        return key
    }

    /// Keeps a new key and its request, in the place of an earlier one.
    func add(_ owner: String, _ profile: CertificateProfile, key: PrivateKey) throws {
        try remove(owner)
        let csr = try CertificateRequest(profile, key: key).pem
        let asked = "\(profile.canonicalText)\n\(try key.publicKeySHA256())\n"
        try AtomicFileWriter.addDirectories(
            [
                NewDirectory(
                    owner, in: folder, unfinished: StateDirectory.unfinished,
                    files: [
                        ("request.csr", .bytes(csr), 0o644), ("asked", .text(asked), 0o644),
                        (
                            "key.pem", try state.keys.content(key.pem, path: "\(folder)/\(owner)/key.pem"),
                            0o600
                        ),
                    ])
            ], mode: 0o700, owner: state.fileOwner())
    }

    /// Those that a request waits for, or has waited for until a run was killed.
    func owners() throws -> [String] {
        try FileReader.list(folder).filter { !$0.hasPrefix(".") }.sorted()
    }

    /// Destroys a key whose certificate is stored, or not wanted any more.
    func remove(_ owner: String) throws {
        let directory = "\(folder)/\(owner)"
        guard try FileStatus.of(directory) != nil else { return }
        try AtomicFileWriter.remove("\(directory)/key.pem")
        try AtomicFileWriter.removeTree(directory)
    }
}
