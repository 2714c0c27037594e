// SPDX-License-Identifier: Apache-2.0

import Values

/// What has been done on a node, or seen of it.
package enum NodeNote: Sendable, Equatable {
    /// Why it is not known yet whether a running API server takes its new pair.
    package enum Doubt: Sendable, Equatable {
        case because(Message)
        case answered(status: Int)
        /// There is no process, or no pair to ask with.
        case notAsked
    }

    case wrote(files: Int)
    case removed(files: Int)
    case restarted(unit: String)
    case ready(unit: String, seconds: Int64)
    case restoring(because: Message)
    /// The change stands; its copies are still called open.
    case copiesNotStored(because: Message)
    case copiesNotRemoved(because: Message)
    case acceptanceNotKnown(Doubt)
    case presents(serial: String)
    case presentedNotSeen(because: Message)
    /// It has loaded its new pair, and will miss the next change of these files.
    case notWatched([String])
}
