// SPDX-License-Identifier: Apache-2.0

import Values

/// One thing that is wrong with a spec, and where.
package struct SpecProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of problem it is: stable text for programs, never translated.
    package enum Code: String, Sendable, CaseIterable {
        case tooLarge = "json/too-large"
        case empty = "json/empty"
        case binary = "json/binary"
        case byteOrderMark = "json/byte-order-mark"
        case notUTF8 = "json/not-utf8"
        case syntax = "json/syntax"
        case tooDeep = "json/too-deep"

        case unknownKey = "spec/unknown-key"
        case duplicateKey = "spec/duplicate-key"
        case missingKey = "spec/missing-key"
        case wrongType = "spec/wrong-type"
        case wrongValue = "spec/wrong-value"
        case count = "spec/count"
        case duplicateValue = "spec/duplicate-value"
        /// A value that needs another one, or excludes it.
        case combination = "spec/combination"

        case name = "spec/name"
        case version = "spec/version"
        case path = "spec/path"
        case unit = "spec/unit"
        case duration = "spec/duration"
        case key = "spec/key"
        case subject = "spec/subject"
        case host = "spec/host"
        case header = "spec/header"
        case customHeader = "spec/custom-header"
        case flag = "spec/flag"
        case aggregationFlag = "spec/aggregation-flag"
        case clientAuthMissing = "spec/client-auth-missing"
        case commonNameNotAllowed = "spec/common-name-not-allowed"
        case unreachableNode = "spec/unreachable-node"
        case ssh = "spec/ssh"
        case variable = "spec/variable"
    }

    package let location: SourceLocation
    package let code: Code
    /// What is wrong, with which value; lower case, no full stop.
    package let message: Message
    /// What to do about it; nil where nothing can be guessed.
    package let hint: Message?
    /// Where in the document, for example `nodes[2].address`; empty for the document itself and for syntax.
    package let path: String

    package init(
        at location: SourceLocation, _ code: Code, _ message: Message, hint: Message? = nil, path: String = ""
    ) {
        self.location = location
        self.code = code
        self.message = message
        self.hint = hint
        self.path = path
    }

    package var description: String { "\(location): \(message) [\(code.rawValue)]" }
}
