// SPDX-License-Identifier: Apache-2.0

import Operations
import Values

extension Hardening.Gap {
    var text: Message { "\(why), so \(risk.text)" }
}

extension Hardening.Risk {
    fileprivate var text: Message {
        switch self {
        case .freedMemory: "freed memory may keep parts of private keys"
        case .coreFiles: "after a crash a core file may hold private keys"
        case .tracing: "other processes of this user can read its memory"
        }
    }
}
