// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import OpenSSL
import PKI
import Planning
import TLS
import Values

extension StateDirectory {
    /// - Throws: `state/missing` where there is no state at the path yet.
    package func checkExists() throws {
        if try isThere() {
            try checkCluster()
            if try FileStatus.of("\(path)/cluster") != nil { return }
        }
        throw BootstrapError(
            "state/missing", "there is no state of cluster \(cluster) in \(path)",
            hint:
                "give its directory with --state DIR; init makes a new state, and state import takes an exported one"
        )
    }

    /// Reads all of it, every key that can be opened too, since the reader of a copy will rely on that.
    /// - Throws: `state/damaged`, `state/other-cluster`, `state/passphrase-needed`, `pki/wrong-passphrase`.
    package func checkWhole() throws -> StateInventory {
        let inventory = try inventory()
        _ = try Ledger(state: self).openRotation()
        _ = try RollbackRecord.read(self)
        if let name = inventory.encryptedKeys.last {
            // Before each is looked at: that one does not open is then damage, and not another passphrase.
            _ = try keys.key("\(path)/\(name)")
        }
        for name in inventory.plainKeys + inventory.encryptedKeys { _ = try issuedKey(name) }
        if let retired = try RetiredPair(state: self).read() {
            let file = "\(path)/retired/key.pem"
            guard let certificate = try reader.bundle(pem: retired.certificatePEM, path: file).first else {
                throw damaged(file, "there is no certificate beside it")
            }
            try check(retired.keyPEM, file, belongsTo: certificate)
        }
        return inventory
    }
}
