// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Secrets
import Values

/// What lay in a node's tree before its files change, so that all of it comes back where one of them cannot be replaced.
///
/// A tree serves nobody, so there is no transaction in it to go on with; it is all in memory, for as long as the renames
/// take.
struct OfflineFiles {
    private struct Entry {
        let path: String
        /// nil where nothing was there.
        let before: (status: FileStatus, content: SecretBytes)?
    }

    private let node: any NodeTransport
    private let entries: [Entry]
    /// Directories that the change makes, outermost first.
    private let madeDirectories: [String]

    init(_ paths: [String], madeDirectories: [String], on node: any NodeTransport) throws {
        self.node = node
        self.madeDirectories = madeDirectories
        entries = try paths.map { path in
            guard let status = try node.status(path), let content = try node.readSecret(path, limit: 4 << 20)
            else { return Entry(path: path, before: nil) }
            return Entry(path: path, before: (status, content))
        }
    }

    /// Puts back what is not as it was: content, mode and owner.
    func restore() throws {
        var files: [FileWrite] = []
        for entry in entries {
            guard let before = entry.before else {
                try node.remove(entry.path)
                continue
            }
            // What was not replaced is still the same file.
            guard try node.status(entry.path)?.inode != before.status.inode else { continue }
            let owner = FileOwner(userID: before.status.userID, groupID: before.status.groupID)
            files.append(
                FileWrite(entry.path, .secret(before.content), mode: before.status.mode, owner: owner))
        }
        try node.write(files)
        for directory in madeDirectories.reversed() { try node.removeEmptyDirectory(directory) }
    }
}
