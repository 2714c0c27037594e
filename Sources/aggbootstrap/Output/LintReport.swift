// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Values

/// What `verify --offline` has found, as text, as JSON and as an exit status.
struct LintReport {
    let result: LintResult
    /// Whether warnings count as errors.
    let isStrict: Bool

    init(_ result: LintResult, isStrict: Bool = false) {
        self.result = result
        self.isStrict = isStrict
    }

    var errors: Int { result.count(.error) }
    var warnings: Int { result.count(.warning) }

    var status: ExitStatus {
        errors > 0 || isStrict && warnings > 0 ? .proofFailed : .done
    }

    /// Set-up by set-up; the last line says how it ended.
    var lines: [Message] {
        let blocks = LintBlock.blocks(of: result.broken)
        let unjudged = StatusTable.names(result.unjudged.map { SafeText.line($0) })
        let gaps = LintGaps(result)
        return blocks.flatMap { $0.lines(hasTitle: result.setUps > 1) + [""] }
            + (unjudged.isEmpty ? [] : ["not judged, as nothing here uses it: \(unjudged)"])
            + gaps.lines + [last]
    }

    /// As CI systems show them: each finding, or that there is none.
    var checks: [ReportedCheck] {
        let found = result.broken.flatMap { setUp in setUp.findings.map { check($0, of: setUp) } }
        let passed = ReportedCheck(
            name: "files", level: .passed, subject: "files", file: nil, line: nil, text: last.description,
            rule: Self.judged)
        return (found.isEmpty ? [passed] : found)
            + result.unjudged.map { file in
                ReportedCheck(
                    name: "files", level: .skipped, subject: "files", file: file, line: nil,
                    text: "not judged: nothing of what was given uses it", rule: Self.judged)
            } + LintGaps(result).checks
    }

    private func check(_ finding: Finding, of setUp: LintResult.SetUp) -> ReportedCheck {
        let text = FindingText(finding)
        let isError = finding.severity == .error || isStrict
        // What is in no single file is in the tree: GitHub takes no result without a place.
        return ReportedCheck(
            name: finding.code.rawValue, level: isError ? .error : .warning,
            subject: finding.node ?? "files", file: finding.file ?? setUp.root, line: finding.line,
            text: "\(text.message): \(text.effect)", remedy: text.remedy.description,
            rule: FindingText.rule(finding.code))
    }

    static let judged = ReportedCheck.Rule(
        text: "the files of control planes, judged without a spec",
        help: "docs/reference/findings.md explains each finding")

    private var last: Message {
        let place: Message =
            "in \(Message.count(result.setUps, "set-up")) (\(Message.count(result.files, "file")))"
        let counts = [Message.count(errors, "error"), Message.count(warnings, "warning")]
        let found = zip([errors, warnings], counts).filter { $0.0 > 0 }.map(\.1).joined(separator: ", ")
        if errors > 0 { return "failed: \(found) \(place) (status 4)" }
        if warnings == 0 { return "ok: nothing found \(place)" }
        if isStrict { return "failed: \(found) \(place), and --strict is given (status 4)" }
        return "ok: no errors, \(found) \(place)"
    }
}

extension LintReport {
    struct Document: Encodable, Sendable {
        struct Entry: Encodable, Sendable {
            let code: String
            /// `error` or `warning`.
            let severity: String
            let node: String?
            let file: String?
            let line: Int?
            let message: Message
            let effect: Message
            let remedy: Message
            let details: [String: Message]

            init(_ finding: Finding) {
                let text = FindingText(finding)
                (code, severity) = (finding.code.rawValue, finding.severity.rawValue)
                (node, file, line) = (finding.node, finding.file, finding.line)
                (message, effect, remedy) = (text.message, text.effect, text.remedy)
                details = finding.details
            }
        }

        let schemaVersion = JSONText.schemaVersion
        let setUps: Int
        let files: Int
        let errors: Int
        let warnings: Int
        /// Files that nothing uses.
        let notJudged: [String]
        /// What could not be judged, because a tree has only a part of a node's files.
        let gaps: [LintGaps.Entry]
        let exitStatus: Int32
        let findings: [Entry]
    }

    var document: Document {
        Document(
            setUps: result.setUps, files: result.files, errors: errors, warnings: warnings,
            notJudged: result.unjudged, gaps: LintGaps(result).entries, exitStatus: status.rawValue,
            findings: result.findings.map(Document.Entry.init))
    }
}
