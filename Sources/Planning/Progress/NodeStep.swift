// SPDX-License-Identifier: Apache-2.0

import Values

/// What is being done on a node.
package enum NodeStep: Sendable, Equatable {
    case checkingOthers
    case preparing
    case restarting(unit: String)
    case restartingWithOldFiles(unit: String)
    /// Whether every API server takes the new pair.
    case checkingAcceptance
    case checkingExtensionAPIs
    /// Until a request through its aggregator shows the new pair.
    case waitingForSighting
    /// Until its kube-apiserver watches the new files.
    case waitingForWatches
    /// Its kube-apiserver reads changed files each minute.
    case waitingForReread(seconds: Int)
    /// It had passed its gate, and would not pass it now.
    case restoringPair(because: Message)
}
