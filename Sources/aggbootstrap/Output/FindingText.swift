// SPDX-License-Identifier: Apache-2.0

import Planning
import Values

/// A finding in words.
struct FindingText {
    /// What is wrong.
    let message: Message
    /// What kube-apiserver does then, or others do.
    let effect: Message
    /// The way out.
    let remedy: Message

    /// The words of one code; `{name}` stands for a detail of the finding.
    struct Wording: Sendable {
        let message: Message
        let effect: Message
        let remedy: Message
        /// The way out for a static pod; nil where it is the same.
        let podRemedy: Message?

        init(_ message: Message, _ effect: Message, _ remedy: Message, pod: Message? = nil) {
            (self.message, self.effect, self.remedy, podRemedy) = (message, effect, remedy, pod)
        }

        /// Each way out.
        var remedies: Message { remedy + (podRemedy.map { "; in a static pod: \($0)" } ?? "") }
    }

    /// - Parameter detail: how a detail is written.
    init(_ finding: Finding, detail: (String) -> String = { $0 }) {
        let wording = Self.wording(finding)
        func filled(_ text: Message) -> Message {
            Self.filled(text) { $0 == "printed" ? FindingWordings.printed : finding[$0].mapValues(detail) }
        }
        message = filled(wording.message)
        effect = filled(wording.effect)
        remedy = filled(finding.isInPod ? wording.podRemedy ?? wording.remedy : wording.remedy)
    }

    /// A catalog knows it as if the details had been interpolated: the first name is `%1`. Nothing is looked for in what is
    /// put in.
    private static func filled(_ text: Message, _ detail: (String) -> Message) -> Message {
        var (result, rest) = (
            Message.StringInterpolation(literalCapacity: 0, interpolationCount: 0), text.description[...]
        )
        while let start = rest.firstIndex(of: "{"), let end = rest[start...].firstIndex(of: "}") {
            result.appendLiteral(String(rest[..<start]))
            result.appendInterpolation(detail(String(rest[rest.index(after: start)..<end])))
            rest = rest[rest.index(after: end)...]
        }
        result.appendLiteral(String(rest))
        return Message(stringInterpolation: result)
    }

    /// A code's words without what one run has found: names in capitals stand for that, as in docs/reference/findings.md.
    static func rule(_ code: FindingCode) -> ReportedCheck.Rule {
        guard let wording = table[code] else { return .init(text: code.rawValue, help: code.rawValue) }
        return .init(
            text: "\(open(wording.message)): \(open(wording.effect))", help: open(wording.remedies))
    }

    /// `{name}` as `NAME`.
    static func open(_ text: Message) -> String {
        filled(text) { $0 == "printed" ? FindingWordings.printed : Message(verbatim: $0.uppercased()) }
            .description
    }

    static let table = FindingWordings.certificates.merging(FindingWordings.files) { first, _ in first }
        .merging(FindingWordings.flags) { first, _ in first }
        .merging(FindingWordings.units) { first, _ in first }

    private static func wording(_ finding: Finding) -> Wording {
        if finding.code == .noAKI, finding["sameSubject"] == "yes" { return FindingWordings.sameSubject }
        if finding.code == .unitSyntax || finding.code == .unitUnreadable, !finding["hint"].isEmpty,
            let usual = table[finding.code]
        {
            return Wording(usual.message, usual.effect, "{hint}")
        }
        return table[finding.code] ?? Wording(Message(verbatim: finding.code.rawValue), "", "")
    }
}
