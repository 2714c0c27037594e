// SPDX-License-Identifier: Apache-2.0

/// Where a rule finds what it looks for.
struct LintHit {
    /// On the node; nil where no single file is meant.
    var path: String?
    var line: Int?
    var details: [String: String]

    init(_ path: String? = nil, line: Int? = nil, _ details: [String: String] = [:]) {
        self.path = path
        self.line = line
        self.details = details
    }

    init(_ place: (path: String, line: Int?)?, _ details: [String: String] = [:]) {
        self.init(place?.path, line: place?.line, details)
    }
}
