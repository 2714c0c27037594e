// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import OpenSSL
import PKI
import Planning
import Secrets
import Values

// A private key of the state is used where it is the one that was issued, and nowhere else.
extension StateDirectory {
    /// The private key in a file of the state, no longer encrypted.
    ///
    /// - Parameter name: relative to the state directory: `ca/ID/ca-key.pem` or `leaves/OWNER/ID/key.pem`.
    /// - Throws: `state/damaged` where it does not belong to the certificate beside it, is not the one that was written
    ///   down, or cannot be opened; `state/passphrase-needed`.
    package func issuedKey(_ name: String) throws -> SecretBytes {
        let file = "\(path)/\(name)"
        let directory = AtomicFileWriter.split(file).directory
        let key: SecretBytes?
        do { key = try keys.key(file) } catch let error as PKIError { throw damaged(file, error.underlying) }
        guard let key else { throw damaged(file, "it is missing") }
        if name.hasPrefix("leaves/") {
            let certificate = try self.certificate("\(directory)/certificate.pem")
            try check(
                key, file, belongsTo: certificate, digest: try issuedRecord(directory).keySHA256)
        } else {
            try check(key, file, belongsTo: try self.certificate("\(directory)/ca.pem"))
        }
        return key
    }

    /// - Parameter digest: what was written down of the key; nil where nothing was.
    /// - Throws: `state/damaged`.
    @discardableResult
    func check(
        _ key: SecretBytes, _ file: String, belongsTo certificate: Certificate, digest: String? = nil
    ) throws -> PrivateKey {
        if let digest, try Digest.sha256Hex(key) != digest {
            throw damaged(file, "it is another key than `issued` beside it says")
        }
        do {
            let privateKey = try PrivateKey(pem: key, path: file)
            if try KeyPair.matches(certificate: certificate, key: privateKey) { return privateKey }
        } catch { throw damaged(file, error.underlying) }
        throw damaged(file, "it does not belong to the certificate beside it, \(certificate.summary.subject)")
    }
}
