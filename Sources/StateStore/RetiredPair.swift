// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Secrets
import Spec
import TLS

/// A proxy-client pair of the CA that is replaced, kept in the state directory until it has been seen to be refused.
///
/// It lies below `retired/`: `certificate.pem`, `key.pem` (encrypted where the state has a passphrase).
package struct RetiredPair {
    let state: StateDirectory

    package init(state: StateDirectory) {
        self.state = state
    }

    private var directory: String { "\(state.path)/retired" }

    /// Keeps the pair that lies on a node.
    /// - Returns: false where no pair can be read there.
    package func keep(_ spec: CertificatesSpec, from node: any NodeTransport) throws -> Bool {
        guard let certificate = try node.read("\(spec.directory)/\(spec.files.certificate)"),
            let key = try node.readSecret("\(spec.directory)/\(spec.files.key)")
        else { return false }
        try AtomicFileWriter.makeDirectories(directory, mode: 0o700, owner: state.fileOwner())
        let (keyFile, owner) = ("\(directory)/key.pem", try state.fileOwner())
        try AtomicFileWriter.write([
            FileWrite(keyFile, try state.keys.content(key, path: keyFile), mode: 0o600, owner: owner),
            FileWrite("\(directory)/certificate.pem", .bytes(certificate), mode: 0o644, owner: owner),
        ])
        return true
    }

    /// The pair; nil where none was kept.
    package func read() throws -> ClientIdentity? {
        guard let certificate = try FileReader.read("\(directory)/certificate.pem"),
            let key = try state.keys.key("\(directory)/key.pem")
        else { return nil }
        return ClientIdentity(certificatePEM: certificate, keyPEM: key)
    }

    /// Destroys it.
    package func remove() throws {
        // The key first: without it the rest is no secret.
        try AtomicFileWriter.remove("\(directory)/key.pem")
        try AtomicFileWriter.removeTree(directory)
        if try FileStatus.of(state.path) != nil { try AtomicFileWriter.syncDirectory(state.path) }
    }

    /// Destroys what a run has left that was killed before its rotation began; called under the lock.
    func removeUnbegun() throws {
        let unmade = AtomicFileWriter.temporary(for: directory)
        let isThere = try FileStatus.of(directory) != nil || FileStatus.of(unmade) != nil
        guard isThere, try Ledger(state: state).openRotation() == nil else { return }
        try AtomicFileWriter.removeTree(unmade)
        try remove()
    }
}
