// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// A change that a killed run left open on a node.
package struct OpenTransaction: Sendable, Equatable {
    package var startedAt: UnixTime
    /// SHA-256 of the unit's base files when it began, by path.
    package var baseDigests: [String: String]
    /// Whether the API server was serving when it began.
    package var wasServing: Bool
    /// Which way it goes.
    package var cause: ChangeCause
    /// Whether it was seen to serve and only its copies are still to be put away.
    package var isDone: Bool

    package init(
        startedAt: UnixTime, baseDigests: [String: String], wasServing: Bool, cause: ChangeCause = .spec,
        isDone: Bool = false
    ) {
        self.startedAt = startedAt
        self.baseDigests = baseDigests
        self.wasServing = wasServing
        self.cause = cause
        self.isDone = isDone
    }
}

extension ObservedNode {
    /// What becomes of a unit that is stopped: it stays so, unless an open change had found its API server serving. That change
    /// stopped it, and has not ended before it serves again.
    func restartOfStopped(changesFiles: Bool) -> NodePlan.Restart {
        if let transaction, transaction.wasServing, !transaction.isDone {
            return .needed("it served when the interrupted change began, and is stopped now")
        }
        return changesFiles ? .leftStopped : .none
    }
}
