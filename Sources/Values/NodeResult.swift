// SPDX-License-Identifier: Apache-2.0

/// What became of one node of a run.
package struct NodeResult: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case unchanged
        case changed(files: Int, removed: Int, restarted: Bool)
        case failed(isAsBefore: Bool)
        /// Its change was planned and not begun, since another node failed.
        case untouched
        /// It was changed, and has its old certificate and key again: why.
        case takenBack(Message)
    }

    package let node: String
    package let kind: Kind

    package init(_ node: String, _ kind: Kind) {
        self.node = node
        self.kind = kind
    }
}
