// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// Something that the operator should know, which stops nothing.
package struct Notice: Sendable, Equatable {
    package var code: String
    package var node: String?
    package var message: String
    /// What to do about it; nil where that is said, or nothing is to be done.
    package var hint: String?
    /// Lines that belong to the message, such as flags to add; each stands by itself.
    package var details: [String]

    /// All of it on one line.
    package var line: String {
        ([message] + details.map { String($0.drop { $0 == " " }) }).joined(separator: " ")
    }

    package init(
        code: String, node: String?, message: String, hint: String? = nil, details: [String] = []
    ) {
        self.code = code
        self.node = node
        self.message = message
        self.hint = hint
        self.details = details
    }
}
