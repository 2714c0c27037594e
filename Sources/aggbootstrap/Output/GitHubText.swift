// SPDX-License-Identifier: Apache-2.0

import Values

/// What GitHub Actions shows: annotations on standard output, and a table in the job's summary.
enum GitHubText {
    /// Workflow commands, one for each check that did not pass, and one line that says how it ended.
    static func annotations(_ checks: [ReportedCheck]) -> String {
        var lines = checks.compactMap(annotation)
        lines.append(verdict(checks))
        return lines.joined(separator: "\n") + "\n"
    }

    /// Markdown, for the file that `GITHUB_STEP_SUMMARY` names.
    static func summary(_ checks: [ReportedCheck]) -> String {
        var lines = ["### aggbootstrap verify", "", verdict(checks), ""]
        let shown = checks.filter { $0.level != .passed }
        if !shown.isEmpty {
            lines += ["| | | | |", "|---|---|---|---|"]
            lines += shown.map { check in
                "| \(mark(check.level)) | \(cell(check.subject)) | \(cell(check.name)) | \(cell(check.text)) |"
            }
            lines.append("")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// As the value of a workflow command.
    static func escaped(_ text: String) -> String {
        SafeText.replacing(SafeText.lines(text), ["%": "%25", "\n": "%0A"])
    }

    /// As a property of a workflow command.
    static func escapedProperty(_ text: String) -> String {
        SafeText.replacing(escaped(text), [":": "%3A", ",": "%2C"])
    }

    private static func annotation(_ check: ReportedCheck) -> String? {
        let command: String
        switch check.level {
        case .passed: return nil
        case .skipped: command = "notice"
        case .warning: command = "warning"
        case .error: command = "error"
        }
        var properties = [String]()
        if let file = check.file { properties.append("file=\(escapedProperty(file))") }
        if let line = check.line { properties.append("line=\(line)") }
        properties.append(
            "title=\(escapedProperty([check.subject, check.name].filter { !$0.isEmpty }.joined(separator: " ")))"
        )
        let remedy = check.remedy.map { "; \($0)" } ?? ""
        return "::\(command) \(properties.joined(separator: ","))::\(escaped(check.text + remedy))"
    }

    private static func verdict(_ checks: [ReportedCheck]) -> String {
        let errors = checks.count { $0.level == .error }
        let warnings = checks.count { $0.level == .warning }
        let skipped = checks.count { $0.level == .skipped }
        var parts = ["\(errors) of \(Message.count(checks.count, "check")) failed"]
        if warnings > 0 { parts.append(Message.count(warnings, "warning").description) }
        if skipped > 0 { parts.append("\(skipped) could not be made") }
        return parts.joined(separator: ", ")
    }

    private static func mark(_ level: ReportedCheck.Level) -> String {
        switch level {
        case .passed: "passed"
        case .skipped: "not made"
        case .warning: "warning"
        case .error: "**failed**"
        }
    }

    private static func cell(_ text: String) -> String {
        SafeText.replacing(SafeText.line(text), ["\\": "\\\\", "|": "\\|", "<": "&lt;"])
    }
}
