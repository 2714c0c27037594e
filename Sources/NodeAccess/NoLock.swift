// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
import Values

/// A tree of files below a directory is locked with the state directory.
struct NoLock: NodeLock {
    func release() {}
}
