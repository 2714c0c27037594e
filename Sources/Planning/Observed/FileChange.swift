// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// One file that must be written, or only given its mode and owner, or removed.
package struct FileChange: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        case text([UInt8])
        /// A certificate that is known, with its summary.
        case certificate([UInt8], CertificateSummary)
        /// Certificates of CAs, with their summaries in the same order.
        case bundle([UInt8], [CertificateSummary])
        /// A certificate that this run issues first.
        case certificateToIssue
        /// The private key of an owner's leaf in the state directory.
        case privateKey(owner: String)
        /// A private key of which the node keeps a copy, and the SHA-256 of it.
        case privateKeyCopy(path: String, sha256: String)
        /// The file is removed.
        case nothing
    }

    package enum Action: Sendable, Equatable {
        case create
        case replace
        /// The content is right; mode or owner is not.
        case setMetadata
        case remove
    }

    package var path: String
    package var action: Action
    package var content: Content
    package var before: ObservedFile
    package var mode: UInt32
    /// User id and group id; nil leaves the writer's.
    package var ownerIDs: [UInt32]?
    /// Unchanged lines that a difference shows around a change.
    package var contextLines: Int

    package init(
        path: String, action: Action, content: Content, before: ObservedFile, mode: UInt32,
        ownerIDs: [UInt32]?, contextLines: Int = 3
    ) {
        self.contextLines = contextLines
        self.path = path
        self.action = action
        self.content = content
        self.before = before
        self.mode = mode
        self.ownerIDs = ownerIDs
    }
}
