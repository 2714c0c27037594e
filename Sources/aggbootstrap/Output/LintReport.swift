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
    var lines: [String] {
        var lines: [String] = []
        var node: String?
        for finding in result.findings {
            if let name = finding.node, name != node { lines += (lines.isEmpty ? [] : [""]) + ["\(name):"] }
            node = finding.node
            lines += Self.lines(finding)
        }
        return lines + (lines.isEmpty ? [] : [""]) + [last]
    }

    /// As CI systems show them: each finding, or that there is none.
    var checks: [ReportedCheck] {
        if result.findings.isEmpty {
            return [
                ReportedCheck(
                    name: "files", level: .passed, subject: "files", file: nil, line: nil, text: last)
            ]
        }
        return result.findings.map { finding in
            let text = FindingText(finding)
            let isError = finding.severity == .error || isStrict
            return ReportedCheck(
                name: finding.code.rawValue, level: isError ? .error : .warning,
                subject: finding.node ?? "files", file: finding.file, line: finding.line,
                text: "\(text.message): \(text.effect)", remedy: text.remedy)
        }
    }

    private static func lines(_ finding: Finding) -> [String] {
        let text = FindingText(finding)
        let line = finding.line.map { ":\($0)" } ?? ""
        let place = finding.file.map { "\($0)\(line): " } ?? ""
        return [
            "  \(finding.severity.rawValue): \(place)\(text.message) [\(finding.code.rawValue)]",
            "      then: \(text.effect)", "      fix:  \(text.remedy)",
        ]
    }

    private var last: String {
        let place =
            "in \(Summary.count(result.setUps, "set-up")) (\(Summary.count(result.files, "file")))"
        let found = [(errors, "error"), (warnings, "warning")].filter { $0.0 > 0 }.map {
            Summary.count($0, $1)
        }.joined(separator: ", ")
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
            let message: String
            let effect: String
            let remedy: String
            let details: [String: String]

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
        let exitStatus: Int32
        let findings: [Entry]
    }

    var document: Document {
        Document(
            setUps: result.setUps, files: result.files, errors: errors, warnings: warnings,
            exitStatus: status.rawValue, findings: result.findings.map(Document.Entry.init))
    }
}
