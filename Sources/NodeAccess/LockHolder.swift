// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
import Values

/// Who asks for a node's lock.
package struct LockHolder: Sendable {
    /// New for each run, and known to nobody else.
    package let token: String
    /// For the one who finds it taken: process, machine, time.
    package let text: String

    /// - Parameter token: random hex digits.
    package init(token: String, now: UnixTime) {
        self.token = token
        text = "\(getpid()) on \(LocalHost.name()) since \(now)"
    }
}
