// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import OpenSSL
import Values

/// What the program does to itself before it touches a key.
package enum Hardening {
    /// Freed memory of libcrypto is wiped, no core dumps, no debugger of the same user; called before anything else.
    /// Where one of them is refused, the program goes on without.
    /// - Returns: what was refused, and what that means.
    package static func apply() -> [String] {
        let steps: [(step: () throws -> Void, meaning: String)] = [
            (ProcessHardening.wipeFreedMemory, "freed memory may keep parts of private keys"),
            (ProcessHardening.forbidCoreFiles, "after a crash a core file may hold private keys"),
            (ProcessHardening.forbidTracing, "other processes of this user can read its memory"),
        ]
        return steps.compactMap { step, meaning in
            do {
                try step()
                return nil
            } catch {
                return "\(error), so \(meaning)"
            }
        }
    }
}
