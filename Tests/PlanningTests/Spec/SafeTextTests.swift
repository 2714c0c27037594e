// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

/// What of a text reaches a terminal.
@Suite struct SafeTextTests {
    @Test(
        arguments: [
            ("", ""), ("plain, caf\u{e9}, \u{65e5}", "plain, caf\u{e9}, \u{65e5}"),
            ("\u{1f512}", "\u{1f512}"),
            ("two\nlines\n", "two\nlines\n"), ("a\tb", "a\tb"), ("a\r\nb", "a\\u{d}\nb"),
            ("\u{1b}[31mred", #"\u{1b}[31mred"#), ("\u{0}\u{7}\u{8}", #"\u{0}\u{7}\u{8}"#),
            ("\u{7f}\u{85}\u{9b}2J", #"\u{7f}\u{85}\u{9b}2J"#),
            ("\u{202a}\u{202e}\u{2066}\u{2069}", #"\u{202a}\u{202e}\u{2066}\u{2069}"#),
            ("\u{200e}\u{200f}\u{61c}", #"\u{200e}\u{200f}\u{61c}"#),
            ("e\u{301}\u{1b}", "e\u{301}\\u{1b}"),
            ("\u{ad}\u{180e}\u{3164}\u{e0041}\u{fe0f}", #"\u{ad}\u{180e}\u{3164}\u{e0041}\u{fe0f}"#),
        ])
    func ofLines(text: String, shown: String) {
        #expect(Array(SafeText.lines(text).unicodeScalars) == Array(shown.unicodeScalars))
    }

    @Test(arguments: [("a\nb", #"a\u{a}b"#), ("a\r\n\tb", #"a\u{d}\u{a}\u{9}b"#), ("\u{1b}", #"\u{1b}"#)])
    func ofALine(text: String, shown: String) { #expect(SafeText.line(text) == shown) }

    @Test(
        arguments: [
            ("{\n  \"a\" : \"\u{9b}\u{7f}\u{202e}\"\n}", "{\n  \"a\" : \"\\u009b\\u007f\\u202e\"\n}"),
            ("\"\u{1fffe}\"", #""\ud83f\udffe""#), ("[1, \"\u{e9}\"]\n", "[1, \"\u{e9}\"]\n"),
        ])
    func ofJSON(document: String, shown: String) {
        #expect(Array(SafeText.json(document).unicodeScalars) == Array(shown.unicodeScalars))
    }
}
