// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// A file that must be written.
package struct FileWrite: Sendable {
    package let path: String
    package let content: FileContent
    package let mode: UInt32
    /// nil for the owner that the writing process gives it.
    package let owner: FileOwner?

    package init(_ path: String, _ content: FileContent, mode: UInt32, owner: FileOwner? = nil) {
        self.path = path
        self.content = content
        self.mode = mode
        self.owner = owner
    }
}
