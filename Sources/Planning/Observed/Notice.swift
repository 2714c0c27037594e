// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// Something that the operator should know, which stops nothing.
package struct Notice: Sendable, Equatable {
    package var code: String
    package var node: String?
    package var message: Message
    /// What to do about it; nil where that is said, or nothing need be done.
    package var hint: Message?
    /// Lines that belong to the message, such as flags to add; each stands by itself.
    package var details: [Message]

    /// All of it on one line.
    package var line: Message {
        let unindented = details.map { detail in
            let text = detail.description
            return text.hasPrefix(" ") ? Message(verbatim: String(text.drop { $0 == " " })) : detail
        }
        return ([message] + unindented).joined(separator: " ")
    }

    package init(
        code: String, node: String?, message: Message, hint: Message? = nil, details: [Message] = []
    ) {
        self.code = code
        self.node = node
        self.message = message
        self.hint = hint
        self.details = details
    }
}
