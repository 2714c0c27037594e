// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Planning
@testable import Values
@testable import aggbootstrap

/// Text of paths and certificates in formats that give some characters a meaning. Swift takes a quote with an accent
/// behind it for one character, which is not the quote.
@Suite struct EscapingTests {
    private static let meant = ["\"", "&", "<", ">", "'", "%", ":", ",", "\\", "|", "\n", "\t"]
    private static let text = "x" + meant.map { "\($0)\u{301}" }.joined()

    private func check(_ text: String = Self.text) -> ReportedCheck {
        ReportedCheck(
            name: "code", level: .error, subject: text, file: text, line: 1, text: text,
            rule: .init(text: text, help: text))
    }

    @Test func everyScalarIsReplaced() {
        let table: [Unicode.Scalar: String] = ["\"": "Q", "\n": "N"]
        #expect(SafeText.replacing("a\"\u{301}\n\u{301}b", table).bytes == "aQ\u{301}N\u{301}b".bytes)
        #expect(SafeText.replacing("\r\n", table).bytes == "\rN".bytes)
        #expect(SafeText.replacing("", table) == "")
    }

    @Test func junit() throws {
        let directory = try TemporaryDirectory()
        try directory.write(JUnitText.document([check()]), to: "report.xml")
        try directory.write(Self.text, to: "text")
        let script = """
            import xml.etree.ElementTree as tree
            text = open("text", newline="").read()
            [case] = tree.parse("report.xml").getroot().iter("testcase")
            print(case.get("file") == text, case.get("classname") == text, case[0].get("message") == text, case[0].text == text)
            """
        let result = try run("/usr/bin/python3", ["-c", script], currentDirectory: directory.path)
        #expect(result.stdout == "True True True True\n", "\(result.stdout)\(result.stderr)")
    }

    @Test func workflowCommands() throws {
        let lines = GitHubText.annotations([check()]).split(separator: "\n")
        #expect(lines.count == 2)
        // What stands before the text is of the command; nothing of the text ends a property.
        let properties = try #require(lines[0].firstMatch(of: /^::error (.*?)::/)).1
        #expect(properties.unicodeScalars.split(separator: ",").count == 3)
        #expect(properties.unicodeScalars.count { $0 == ":" } == 0)
        #expect(properties.unicodeScalars.count { $0 == "%" } == 8)
        #expect(GitHubText.escapedProperty("%\u{301}").bytes == "%25\u{301}".bytes)
        let cells = GitHubText.summary([check("|\u{301}")]).unicodeScalars
        #expect(cells.count { $0 == "\\" } == 2)
    }

    @Test func page() {
        let markup = "<p title=\"\(Self.text)\">" as Markup
        #expect(markup.text.unicodeScalars.count { $0 == "\"" } == 2)
        #expect(markup.text.unicodeScalars.count { $0 == "<" || $0 == ">" } == 2)
    }

    /// What is put in is not looked into again.
    @Test func aDetailThatLooksLikeAPlace() {
        let text = FindingText(
            Finding(.chain, details: ["subject": "{ca}", "ca": "{subject}", "cause": "{x}"]))
        #expect(text.message == "{ca} was not signed by a requestheader CA in {subject}: {x}")
    }
}
