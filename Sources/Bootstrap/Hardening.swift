// SPDX-License-Identifier: Apache-2.0

import NodeAccess
import PKI

/// What the program does to itself before it touches a key.
package enum Hardening {
    /// Freed memory of libcrypto is wiped, no core dumps, no debugger of the same user; called before anything else.
    /// Where the kernel refuses, the program goes on without.
    package static func apply() {
        try? ProcessHardening.wipeFreedMemory()
        try? ProcessHardening.disableCoreDumps()
    }
}

/// The terminal, if there is one.
package enum Terminal {
    /// Whether a question can be asked and answered.
    package static var isInteractive: Bool { LocalHost.isInteractive }
}
