// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Planning

/// What is in a state directory, without any secret.
package struct StateSummary: Sendable {
    package let path: String
    /// Permission bits of the directory.
    package let mode: UInt32
    package let inventory: StateInventory
    package let rotation: RotationTerms?
    package let rollback: RollbackRecord?
    /// The newest entries of the ledger, oldest of them first.
    package let history: [LedgerEntry]

    package static let historyLength = 10

    /// Reads it; changes nothing, and opens no key.
    /// - Throws: `state/missing`, `state/other-cluster`, `state/damaged`.
    package init(_ state: StateDirectory) throws {
        try state.checkExists()
        path = state.path
        mode = try FileStatus.of(state.path)?.mode ?? 0
        inventory = try state.inventory()
        let ledger = Ledger(state: state)
        rotation = try ledger.openRotation()
        rollback = try RollbackRecord.read(state)
        history = try ledger.newest(Self.historyLength)
    }
}
