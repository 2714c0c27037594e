// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// The changes on one node.
package struct NodePlan: Sendable, Equatable {
    package var name: String
    /// Whether it is a running node and not an offline tree.
    package var isLive: Bool
    /// Whether the certificate directory is missing.
    package var makesDirectory: Bool
    package var files: [FileChange]
    package var daemonReload: Bool
    package var restart: Restart
    /// Whether a change that a killed run left open must be brought to the end.
    package var finishesTransaction: Bool
    /// Directories that are removed at the end where nothing is left in them, outermost first.
    package var removesDirectories: [String] = []
    /// Whether an API server that serves may afterwards show its readiness to none of our credentials: it loses the
    /// one that it knew us by.
    package var mayHideReadiness = false
    /// What the change is, where it is not what the spec asks for; nil for that.
    package var heading: Message?

    package enum Restart: Sendable, Equatable {
        case none
        /// The API server runs without the wanted flags.
        case needed(Message)
        /// It is stopped and stays so.
        case leftStopped
    }

    package init(
        name: String, isLive: Bool, makesDirectory: Bool = false, files: [FileChange] = [],
        daemonReload: Bool = false,
        restart: Restart = .none, finishesTransaction: Bool = false
    ) {
        self.name = name
        self.isLive = isLive
        self.makesDirectory = makesDirectory
        self.files = files
        self.daemonReload = daemonReload
        self.restart = restart
        self.finishesTransaction = finishesTransaction
    }

    package var restarts: Bool {
        if case .needed = restart { return true }
        return false
    }

    package var isEmpty: Bool {
        files.isEmpty && !makesDirectory && !daemonReload && !restarts && !finishesTransaction
    }
}
