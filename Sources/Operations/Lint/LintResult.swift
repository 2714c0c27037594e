// SPDX-License-Identifier: Apache-2.0

import Planning

/// What judging files without a spec has found.
package struct LintResult: Sendable {
    /// Set-up by set-up, in the order of the request.
    package var findings: [Finding] = []
    /// How many set-ups were judged: trees of nodes, and the files that belong together.
    package var setUps = 0
    /// How many files of them were read.
    package var files = 0

    package init() {}

    package func count(_ severity: FindingSeverity) -> Int { findings.count { $0.severity == severity } }
}
