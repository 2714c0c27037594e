// SPDX-License-Identifier: Apache-2.0

import Values

/// The files that a node's last change replaced, and what lies at their paths now.
package struct PreviousFiles: Sendable, Equatable {
    /// What one path held.
    package struct Entry: Sendable, Equatable {
        package var path: String
        /// Its content only where it is a text; never of a certificate or key.
        package var now: ObservedFile
        /// nil where nothing was there.
        package var before: Before?

        package init(path: String, now: ObservedFile, before: Before?) {
            self.path = path
            self.now = now
            self.before = before
        }
    }

    /// A copy that the node keeps.
    package struct Before: Sendable, Equatable {
        package var mode: UInt32
        package var userID: UInt32
        package var groupID: UInt32
        package var sha256: String
        package var content: FileChange.Content
        /// What it holds, where it is a file of certificates.
        package var certificates: [CertificateSummary]

        package init(
            mode: UInt32, userID: UInt32, groupID: UInt32, sha256: String, content: FileChange.Content,
            certificates: [CertificateSummary] = []
        ) {
            self.mode = mode
            self.userID = userID
            self.groupID = groupID
            self.sha256 = sha256
            self.content = content
            self.certificates = certificates
        }
    }

    /// When the change began that replaced them.
    package var startedAt: UnixTime
    package var cause: ChangeCause
    /// SHA-256 of the unit's base files at that time, by path.
    package var baseDigests: [String: String]
    /// Directories that the change made, outermost first.
    package var madeDirectories: [String]
    package var entries: [Entry]

    package init(
        startedAt: UnixTime, cause: ChangeCause, baseDigests: [String: String], madeDirectories: [String],
        entries: [Entry]
    ) {
        self.startedAt = startedAt
        self.cause = cause
        self.baseDigests = baseDigests
        self.madeDirectories = madeDirectories
        self.entries = entries
    }
}

extension PreviousFiles.Entry {
    /// What must be done to have the file as it was; nil where it is.
    /// - Parameter isUnitFile: whether the lines around a change may be shown.
    func change(isUnitFile: Bool) -> FileChange? {
        guard let before else {
            guard now.kind != .absent else { return nil }
            return FileChange(
                path: path, action: .remove, content: .nothing, before: now, mode: now.mode, ownerIDs: nil)
        }
        let isSame = now.kind == .regular && now.sha256 == before.sha256
        let owner = [before.userID, before.groupID]
        guard !isSame || now.mode != before.mode || [now.userID, now.groupID] != owner else { return nil }
        return FileChange(
            path: path, action: isSame ? .setMetadata : now.kind == .absent ? .create : .replace,
            content: before.content, before: now, mode: before.mode, ownerIDs: owner,
            contextLines: isUnitFile ? 3 : 0)
    }
}
