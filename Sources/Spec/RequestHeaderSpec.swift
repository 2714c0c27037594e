// SPDX-License-Identifier: Apache-2.0

/// The headers and names by which an extension server recognises the aggregator.
package struct RequestHeaderSpec: Sendable, Equatable {
    package var allowedNames: [String]
    package var usernameHeaders: [String]
    package var groupHeaders: [String]
    package var extraHeadersPrefix: [String]

    package init(
        allowedNames: [String], usernameHeaders: [String] = ["X-Remote-User"],
        groupHeaders: [String] = ["X-Remote-Group"], extraHeadersPrefix: [String] = ["X-Remote-Extra-"]
    ) {
        self.allowedNames = allowedNames
        self.usernameHeaders = usernameHeaders
        self.groupHeaders = groupHeaders
        self.extraHeadersPrefix = extraHeadersPrefix
    }
}
