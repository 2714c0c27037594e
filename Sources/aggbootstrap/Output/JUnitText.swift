// SPDX-License-Identifier: Apache-2.0

import Values

/// JUnit's XML, as CI systems read it: a suite for each node, a case for each check.
enum JUnitText {
    static func document(_ checks: [ReportedCheck]) -> String {
        var subjects: [String] = []
        for check in checks where !subjects.contains(check.subject) { subjects.append(check.subject) }
        var lines = [
            #"<?xml version="1.0" encoding="UTF-8"?>"#,
            "<testsuites name=\"aggbootstrap verify\" \(counts(checks))>",
        ]
        for subject in subjects {
            let suite = checks.filter { $0.subject == subject }
            lines.append("  <testsuite name=\(quoted(subject)) \(counts(suite))>")
            lines += suite.flatMap(testCase)
            lines.append("  </testsuite>")
        }
        return (lines + ["</testsuites>", ""]).joined(separator: "\n")
    }

    private static func counts(_ checks: [ReportedCheck]) -> String {
        let failures = checks.count { $0.level == .error }
        let skipped = checks.count { $0.level == .skipped }
        return "tests=\"\(checks.count)\" failures=\"\(failures)\" errors=\"0\" skipped=\"\(skipped)\""
    }

    private static func testCase(_ check: ReportedCheck) -> [String] {
        let file = check.file.map { " file=\(quoted($0))" } ?? ""
        let line = check.line.map { " line=\"\($0)\"" } ?? ""
        let start =
            "    <testcase classname=\(quoted(check.subject)) name=\(quoted(check.name))\(file)\(line)"
        let text = check.text + (check.remedy.map { "\n\($0)" } ?? "")
        let inner =
            switch check.level {
            case .passed: "<system-out>\(escaped(text))</system-out>"
            case .skipped: "<skipped message=\(quoted(check.text))/>"
            case .warning: "<system-out>warning: \(escaped(text))</system-out>"
            case .error:
                "<failure message=\(quoted(check.text)) type=\(quoted(check.name))>\(escaped(text))</failure>"
            }
        return ["\(start)>", "      \(inner)", "    </testcase>"]
    }

    private static func quoted(_ text: String) -> String {
        "\"\(SafeText.replacing(escaped(text), ["\n": "&#10;", "\t": "&#9;"]))\""
    }

    /// XML 1.0 has no way to write control characters: they stand as on a terminal.
    private static func escaped(_ text: String) -> String {
        SafeText.replacing(
            SafeText.lines(text), ["&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;"])
    }
}
