// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
import NodeAccess
import Values

/// What a run holds while it plans and changes: the lock of its state directory, and offline that of the tree, which
/// another run could change with another state.
package final class StateLock: Sendable {
    private let state: AdvisoryLock
    /// nil where the tree was not there yet when the lock was taken, and live.
    package let tree: AdvisoryLock?

    package init(_ state: AdvisoryLock, tree: AdvisoryLock?) { (self.state, self.tree) = (state, tree) }

    /// Writes who holds it; called before the first change.
    package func announce(now: UnixTime) throws { try state.announce(now: now) }
}
