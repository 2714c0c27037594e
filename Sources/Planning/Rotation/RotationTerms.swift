// SPDX-License-Identifier: Apache-2.0

/// Where a rotation goes: written down before its first change, since the nodes alone do not tell.
package struct RotationTerms: Sendable, Equatable {
    package enum Direction: String, Sendable {
        case forward
        /// Called off: back to what was trusted before.
        case back
    }

    /// Why the CA is replaced.
    package enum Cause: String, Sendable {
        case asked
        /// Somebody else may have a proxy client's key.
        case compromisedLeaf = "compromised-leaf"
        /// Somebody else may have the CA's key.
        case compromisedCA = "compromised-ca"

        package var isCompromise: Bool { self != .asked }
    }

    /// Id of the generation that is trusted at the end.
    package var keep: String
    /// Ids of the generations that are not.
    package var retire: [String]
    package var direction: Direction
    package var cause: Cause
    /// When it was begun, as the ledger has it; one that is being aborted too.
    package var since: String
    /// When it was called off; nil where it was not.
    package var aborted: String?
    /// Whether the CA that is kept is replaced at once too: its keys were there before others may have had some.
    package var again: Bool

    package init(
        keep: String, retire: [String], direction: Direction = .forward, cause: Cause = .asked,
        since: String = "", again: Bool = false, aborted: String? = nil
    ) {
        self.again = again
        self.aborted = aborted
        self.keep = keep
        self.retire = retire
        self.direction = direction
        self.cause = cause
        self.since = since
    }
}
