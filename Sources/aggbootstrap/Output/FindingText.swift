// SPDX-License-Identifier: Apache-2.0

import Planning
import Values

/// A finding in words.
struct FindingText {
    /// What is wrong.
    let message: String
    /// What kube-apiserver does then, or others do.
    let effect: String
    /// The way out.
    let remedy: String

    /// The words of one code; `{name}` stands for a detail of the finding.
    struct Wording: Sendable {
        let message: String
        let effect: String
        let remedy: String
        /// The way out for a static pod; nil where it is the same.
        let podRemedy: String?

        init(_ message: String, _ effect: String, _ remedy: String, pod: String? = nil) {
            (self.message, self.effect, self.remedy, podRemedy) = (message, effect, remedy, pod)
        }

        /// Each way out.
        var remedies: String { remedy + (podRemedy.map { "; in a static pod: \($0)" } ?? "") }
    }

    init(_ finding: Finding) {
        let wording = Self.wording(finding)
        message = Self.filled(wording.message, finding)
        effect = Self.filled(wording.effect, finding)
        remedy = Self.filled(finding.isInPod ? wording.podRemedy ?? wording.remedy : wording.remedy, finding)
    }

    /// Nothing is looked for in what is put in.
    private static func filled(_ text: String, _ finding: Finding) -> String {
        var (result, rest) = ("", text[...])
        while let start = rest.firstIndex(of: "{"), let end = rest[start...].firstIndex(of: "}") {
            result += rest[..<start] + finding[String(rest[rest.index(after: start)..<end])]
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    /// A code's words without what one run has found: names in capitals stand for that, as in docs/reference/findings.md.
    static func rule(_ code: FindingCode) -> ReportedCheck.Rule {
        guard let wording = table[code] else { return .init(text: code.rawValue, help: code.rawValue) }
        return .init(
            text: "\(open(wording.message)): \(open(wording.effect))", help: open(wording.remedies))
    }

    /// `{name}` as `NAME`.
    static func open(_ text: String) -> String {
        var (result, rest) = ("", text[...])
        while let start = rest.firstIndex(of: "{"), let end = rest[start...].firstIndex(of: "}") {
            result += rest[..<start] + rest[rest.index(after: start)..<end].uppercased()
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
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
        return table[finding.code] ?? Wording(finding.code.rawValue, "", "")
    }
}
