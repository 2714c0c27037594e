// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// Why nothing is changed, and what to do about it.
package struct Refusal: Error, Sendable, Equatable {
    /// Stable, for example `plan/foreign-ca`.
    package var code: String
    package var node: String?
    package var message: Message
    package var hint: Message

    package init(code: String, node: String?, message: Message, hint: Message) {
        self.code = code
        self.node = node
        self.message = message
        self.hint = hint
    }
}
