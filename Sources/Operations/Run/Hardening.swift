// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import OpenSSL
import Values

/// What the program does to itself before it touches a key.
package enum Hardening {
    /// Freed memory of libcrypto is wiped, no core dumps, no debugger of the same user; called before anything else.
    /// Where one of them is refused, the program goes on without.
    /// - Returns: what was refused.
    package static func apply() -> [Gap] {
        let steps: [(step: () throws -> Void, risk: Risk)] = [
            (ProcessHardening.wipeFreedMemory, .freedMemory), (ProcessHardening.forbidCoreFiles, .coreFiles),
            (ProcessHardening.forbidTracing, .tracing),
        ]
        return steps.compactMap { step, risk in
            do {
                try step()
                return nil
            } catch {
                return Gap(risk: risk, why: "\(error)")
            }
        }
    }

    /// Where private keys may be seen.
    package enum Risk: Sendable, CaseIterable {
        case freedMemory
        case coreFiles
        /// Other processes of the same user.
        case tracing
    }

    /// What was refused, and what that leaves open.
    package struct Gap: Sendable {
        package let risk: Risk
        package let why: Message

        package init(risk: Risk, why: Message) { (self.risk, self.why) = (risk, why) }
    }
}
