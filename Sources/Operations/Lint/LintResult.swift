// SPDX-License-Identifier: Apache-2.0

import Planning

/// What judging files without a spec has found.
package struct LintResult: Sendable {
    /// A set-up with findings: a tree of a node, or files that belong together.
    package struct SetUp: Sendable {
        /// nil for single files, and where one set-up alone is judged.
        package let node: String?
        /// Where the tree begins, as the user can open it, without a slash at its end; nil for single files.
        package let root: String?
        package let findings: [Finding]

        package init(node: String?, root: String?, findings: [Finding]) {
            (self.node, self.root, self.findings) = (node, root, findings)
        }
    }

    /// Those with findings, in the order of the request.
    package var broken: [SetUp] = []
    /// How many set-ups were judged.
    package var setUps = 0
    /// How many files of them were read.
    package var files = 0
    /// Files that were named one by one, or lie in a directory of such, and that nothing of their set-up uses.
    package var unjudged: [String] = []
    /// Archives in a directory, which were not opened.
    package var archives: [String] = []

    /// What could not be judged of a set-up, named as `SetUp` is.
    package var gaps: [(node: String?, root: String?, gap: LintGap)] = []

    package init() {}

    /// Set-up by set-up.
    package var findings: [Finding] { broken.flatMap(\.findings) }

    package func count(_ severity: FindingSeverity) -> Int {
        broken.reduce(0) { $0 + $1.findings.count { $0.severity == severity } }
    }
}
