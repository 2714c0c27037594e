// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Spec
import Synchronization
import TLS

/// The certificate and key that lie on a node, fetched when somebody must present them and kept as long as the files are
/// the same: a key does not travel to learn that an API server is ready, nor again with each question.
final class InstalledIdentity: Sendable {
    private struct Known {
        let identity: ClientIdentity
        let keyPath: String
        let keyFile: FileStatus
    }

    private let node: any NodeTransport
    private let known = Mutex<Known?>(nil)

    init(_ node: any NodeTransport) { self.node = node }

    /// The pair that lies there now; nil where there is none.
    func current(_ spec: CertificatesSpec) throws -> ClientIdentity? {
        let keyPath = "\(spec.directory)/\(spec.files.key)"
        guard let certificate = try node.read("\(spec.directory)/\(spec.files.certificate)"),
            let keyFile = try node.status(keyPath)
        else {
            return nil
        }
        if let known = known.withLock({ $0 }), known.identity.certificatePEM == certificate,
            known.keyPath == keyPath, known.keyFile == keyFile
        {
            return known.identity
        }
        guard let key = try node.readSecret(keyPath) else { return nil }
        let identity = ClientIdentity(certificatePEM: certificate, keyPEM: key)
        known.withLock { $0 = Known(identity: identity, keyPath: keyPath, keyFile: keyFile) }
        return identity
    }
}
