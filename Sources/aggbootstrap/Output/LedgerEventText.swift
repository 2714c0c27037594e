// SPDX-License-Identifier: Apache-2.0

import Planning
import StateStore
import Values

extension LedgerEntry {
    /// What happened, in words; the name itself where a later version wrote it.
    var words: Message {
        switch event {
        case "apply-begin": "a change was begun"
        case "apply-done": "a change was made"
        case "apply-failed": "a change failed"
        case "apply-taken-back": "a change was undone"
        case "rollback-begin": "a rollback was begun"
        case "rollback-done": "rolled back"
        case "rollback-failed": "a rollback failed"
        case "issued-ca": "a CA was issued"
        case "issued-leaf": "a proxy client certificate was issued"
        case "adopted-ca": "a CA was adopted"
        case "adopted-leaf": "a proxy client certificate was adopted"
        case "encrypted-keys": "private keys were encrypted"
        case "removed-ca-key": "an old CA key was removed"
        case "replaced-ca-key": "an old CA key was replaced"
        case "rotation-begin": "a CA rotation was begun"
        case "rotation-abort": "the abort of a CA rotation was begun"
        case "rotation-end" where direction == .back: "a CA rotation was aborted"
        case "rotation-end": "a CA rotation was finished"
        case "moved-ca": "a CA file was moved"
        case "exported-state": "the state was exported"
        case "imported-state": "the state was imported"
        case "uninstalled": "the aggregation layer was removed"
        default: Message(verbatim: event)
        }
    }
}
