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
    package let message: String
    /// What to do about it; nil where nothing can be guessed.
    package let hint: String?
    /// Where in the document, for example `nodes[2].address`; empty for the document itself and for syntax.
    package let path: String

    package init(
        at location: SourceLocation, _ code: Code, _ message: String, hint: String? = nil, path: String = ""
    ) {
        self.location = location
        self.code = code
        self.message = message
        self.hint = hint
        self.path = path
    }

    package var description: String { "\(location): \(message) [\(code.rawValue)]" }
}

/// Everything that is wrong with a spec: all problems at once, or the first one of its syntax.
package struct SpecProblems: ReportedError, Sendable, CustomStringConvertible {
    /// The file as its user calls it.
    package let fileName: String
    /// At least one, in the file's order.
    package let problems: [SpecProblem]
    /// The file's bytes, for the lines that are shown.
    private let source: [UInt8]

    init(fileName: String, problems: [SpecProblem], source: [UInt8]) {
        self.fileName = fileName
        self.source = source
        let inOrder = problems.enumerated().sorted {
            ($0.element.location, $0.offset) < ($1.element.location, $1.offset)
        }
        self.problems = inOrder.map(\.element)
    }

    package var reportedCode: String { "spec/invalid" }
    package var status: ExitStatus { .badSpec }
    package var hint: String? { nil }
    package var description: String { render() }

    /// The problems as text for people, each with its line, a caret and a hint; ends with a line feed.
    ///
    /// - Parameter limit: how many problems are shown in full; a last line counts the others.
    package func render(color: SpecRendering.Color = .none, limit: Int = 100) -> String {
        let rendering = SpecRendering(fileName: fileName, source: source, color: color)
        var text = problems.prefix(limit).map(rendering.text).joined()
        if problems.count > limit {
            text += "\(SpecRendering.printable(fileName)): \(problems.count - limit) more problems\n"
        }
        return text
    }
}
