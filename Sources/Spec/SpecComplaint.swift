// SPDX-License-Identifier: Apache-2.0

import Values

/// What is wrong with one value, before it is known where it stands.
struct SpecComplaint: Equatable {
    let code: SpecProblem.Code
    let message: Message
    let hint: Message?

    init(_ code: SpecProblem.Code, _ message: Message, hint: Message? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}
