// SPDX-License-Identifier: Apache-2.0

import Planning
import Testing
import Values

@testable import aggbootstrap

/// Text on its way to a terminal that may be in another language.
@Suite struct ShownTextTests {
    @Test(arguments: [
        ("", 0), ("cp1", 3), ("控制平面", 8), ("是，否。", 8), ("（4 天）", 8), ("ｆ", 2), ("e\u{301}é", 2), ("█▏░", 3),
        ("한글", 4),
    ])
    func columnsOfAText(text: String, width: Int) {
        #expect(columns(of: text) == width)
        #expect(columns(of: text.padded(to: 10)) == 10 && text.padded(to: 10).trimmingEnd == text)
        #expect(text.padded(to: width - 1) == text)
    }

    /// What kind of line it is says the English text, whatever the reader sees.
    @Test func coloursOfATranslatedLine() {
        let note = ShownLine("note: x").with("注意：x")
        #expect(Painter.paint(note) == "\u{1b}[33m注意：x\u{1b}[0m")
        let proof = ShownLine("  ok   chain  it verifies").with("  ok   chain  已验证")
        #expect(Painter.paint(proof) == "\u{1b}[32m  ok\u{1b}[0m   chain  已验证")
        let other = ShownLine("what is known").with("note: x")
        #expect(Painter.paint(other) == "note: x")
    }

    /// In Chinese, names in a row have a mark of their own between them; in English, for programs too, it is a comma.
    @Test func aListInEachLanguage() {
        let message: Message =
            "\(list: ["cp1", "cp2", "a, b"]) skipped: no requestheader CA there yet; run init afterwards"
        let chinese = Language.chineseCatalog()
        #expect(message.description.hasPrefix("cp1, cp2, a, b skipped: "))
        #expect(message.text { chinese.translation($0) }.contains("cp1、cp2、a, b"))
    }

    @Test func linesOfOneMessage() {
        let lines = ShownLine("note: a\nb").split
        #expect(lines.map(\.text) == ["note: a", "b"] && lines.map(\.english) == ["note: a", "b"])
    }

    /// Details of a finding are values, so that a catalog has one template of each wording.
    @Test func findingsHaveTemplates() {
        for code in FindingCode.allCases {
            let text = FindingText(Finding(code, details: ["hint": "h", "cause": "c"]))
            for message in [text.message, text.effect, text.remedy] {
                #expect(message.phrases.count == 1, "\(code)")
                #expect(message.phrases.allSatisfy { !$0.template.contains("{") }, "\(message)")
            }
        }
        let text = FindingText(
            Finding(.doubledFlag, details: ["flag": "x", "at": "f:1", "first": "a", "value": "b"]))
        #expect(
            text.message.phrases.map(\.template) == [
                "--%1 is given more than once, first at %2 with the value %3"
            ])
    }
}
