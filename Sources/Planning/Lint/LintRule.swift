// SPDX-License-Identifier: Apache-2.0

/// One row of the table that judges a set-up: a code, and the function that finds it.
struct LintRule: Sendable {
    let code: FindingCode
    let hits: @Sendable (LintContext) -> [LintHit]

    init(_ code: FindingCode, _ hits: @escaping @Sendable (LintContext) -> [LintHit]) {
        self.code = code
        self.hits = hits
    }
}
