// SPDX-License-Identifier: Apache-2.0

import Values

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
    package var hint: Message? { nil }
    package var description: String { render() }
    package var message: Message { Message(verbatim: render()) }

    /// The problems as text for people, each with its line, a caret and a hint; ends with a line feed.
    ///
    /// - Parameters:
    ///   - limit: how many problems are shown in full; a last line counts the others.
    ///   - translation: that of a template, for the reader's language.
    package func render(
        color: SpecRendering.Color = .none, limit: Int = 100,
        translation: @escaping Message.Translation = Message.inEnglish
    ) -> String {
        let rendering = SpecRendering(
            fileName: fileName, source: source, color: color, translation: translation)
        var text = problems.prefix(limit).map(rendering.text).joined()
        if problems.count > limit {
            let more: Message =
                "\(SpecRendering.printable(fileName)): \(problems.count - limit) more problems"
            text += more.text(translation) + "\n"
        }
        return text
    }
}
