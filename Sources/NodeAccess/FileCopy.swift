// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Secrets
import Values

/// A file that is to have the content of another one of its node.
package struct FileCopy: Sendable {
    package let source: String
    package let path: String
    package let mode: UInt32
    package let owner: FileOwner?

    package init(of source: String, to path: String, mode: UInt32, owner: FileOwner? = nil) {
        self.source = source
        self.path = path
        self.mode = mode
        self.owner = owner
    }
}
