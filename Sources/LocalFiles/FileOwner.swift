// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// Who owns a file; nil leaves the owner that the writing process gives it.
package struct FileOwner: Sendable, Hashable {
    package let userID: UInt32
    package let groupID: UInt32

    package init(userID: UInt32, groupID: UInt32) {
        self.userID = userID
        self.groupID = groupID
    }
}
