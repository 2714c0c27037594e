// SPDX-License-Identifier: Apache-2.0

/// What is wrong with one value, before it is known where it stands.
struct SpecComplaint: Equatable {
    let code: SpecProblem.Code
    let message: String
    let hint: String?

    init(_ code: SpecProblem.Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}
