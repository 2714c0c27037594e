// SPDX-License-Identifier: Apache-2.0

import Values

/// Where a rule finds what it looks for.
struct LintHit {
    /// On the node; nil where no single file is meant.
    var path: String?
    var line: Int?
    var details: [String: Message]

    init(_ path: String? = nil, line: Int? = nil, _ details: [String: Message] = [:]) {
        self.path = path
        self.line = line
        self.details = details
    }

    init(_ place: (path: String, line: Int?)?, _ details: [String: Message] = [:]) {
        self.init(place?.path, line: place?.line, details)
    }

    /// - Parameter details: names and values of the files.
    @_disfavoredOverload
    init(_ path: String?, line: Int? = nil, _ details: [String: String]) {
        self.init(path, line: line, details.mapValues { Message(verbatim: $0) })
    }

    @_disfavoredOverload
    init(_ place: (path: String, line: Int?)?, _ details: [String: String]) {
        self.init(place?.path, line: place?.line, details)
    }
}
