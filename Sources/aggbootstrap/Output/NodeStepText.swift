// SPDX-License-Identifier: Apache-2.0

import Planning
import Values

extension NodeStep {
    /// In words, after the node's name.
    var text: Message {
        switch self {
        case .checkingOthers: "checking that all other control planes are ready"
        case .preparing: "keeping copies, preparing files"
        case .restarting(let unit): "restarting \(unit)"
        case .restartingWithOldFiles(let unit): "restarting \(unit) with the old files"
        case .checkingAcceptance: "checking that every API server accepts the new certificate"
        case .checkingExtensionAPIs: "checking that extension APIs answer through it as before"
        case .waitingForSighting: "waiting until a request through its aggregator shows the new certificate"
        case .waitingForWatches: "waiting until it watches the new files"
        case .waitingForReread(let seconds): "it reads changed files each minute: waiting \(seconds) s"
        case .restoringPair(let why): "restoring its old certificate and key: \(why)"
        }
    }
}
