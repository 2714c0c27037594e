// SPDX-License-Identifier: Apache-2.0

import Values

/// One thing that is wrong, or may be, with the files of a set-up: what `verify --offline` reports.
///
/// It holds no text for people: the command line makes that of `code` and `details`.
package struct Finding: Sendable, Hashable {
    package var code: FindingCode
    /// nil where one set-up alone is judged.
    package var node: String?
    /// As the user of the program can open it: below the directory that was given; nil where no single file is meant.
    package var file: String?
    /// Counts from 1; nil where no single line is meant.
    package var line: Int?
    /// What the text needs to know, such as `flag`, `subject`, `value`.
    package var details: [String: Message]

    /// Whether kube-apiserver runs in a static pod, where nothing but its manifest can be changed.
    package var isInPod: Bool

    package init(
        _ code: FindingCode, node: String? = nil, file: String? = nil, line: Int? = nil,
        details: [String: Message] = [:], isInPod: Bool = false
    ) {
        self.code = code
        self.node = node
        self.file = file
        self.line = line
        self.details = details
        self.isInPod = isInPod
    }

    package var severity: FindingSeverity { code.severity }

    /// A detail; empty where there is none of that name.
    package subscript(_ name: String) -> Message { details[name] ?? "" }
}
