// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing
import Values

@testable import aggbootstrap

/// Which language a session has, and where its words come from.
@Suite struct LanguageTests {
    private static func language(_ environment: [String: String]) -> Language {
        Language { name in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    }

    @Test(arguments: [
        ["LANG": "zh_CN.UTF-8"], ["LANG": "zh_CN.utf8"], ["LANG": "zh_SG.UTF-8"], ["LANG": "zh.UTF-8"],
        ["LANG": "zh_Hans_CN.UTF-8"], ["LANG": "zh_Hans.UTF-8"], ["LANG": "zh_CN.UTF-8@pinyin"],
        ["LC_ALL": "zh_CN.UTF-8", "LANG": "C"],
        ["LC_ALL": "", "LC_MESSAGES": "zh_CN.UTF-8", "LANG": "de_DE.UTF-8"],
        ["LANGUAGE": "zh_CN:en", "LANG": "en_US.UTF-8"], ["LANGUAGE": "zh_TW:zh_CN", "LANG": "en_US.UTF-8"],
        ["LANGUAGE": "", "LANG": "zh_CN.UTF-8"], ["LANGUAGE": "zh_CN:C", "LANG": "en_US.UTF-8"],
        ["LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN"], ["LC_MESSAGES": "zh_CN.GBK", "LC_CTYPE": "C.UTF-8"],
    ])
    func chinese(environment: [String: String]) {
        #expect(Self.language(environment) == .chinese)
    }

    @Test(arguments: [
        [:], ["LANG": ""], ["LANG": "C"], ["LANG": "C.UTF-8"], ["LANG": "POSIX"], ["LANG": "en_US.UTF-8"],
        ["LC_ALL": "C", "LANG": "zh_CN.UTF-8"], ["LC_MESSAGES": "en_GB.UTF-8", "LANG": "zh_CN.UTF-8"],
        ["LANG": "zh_CN.GB18030"], ["LANG": "zh_CN"], ["LANG": "zh_TW.UTF-8"], ["LANG": "zh_HK.UTF-8"],
        ["LANG": "zh_Hant_TW.UTF-8"], ["LANG": "zha_CN.UTF-8"], ["LC_CTYPE": "zh_CN.UTF-8"],
        ["LANGUAGE": "zh_CN", "LC_ALL": "C.UTF-8"], ["LANGUAGE": "zh_CN", "LANG": "C"], ["LANGUAGE": "zh_CN"],
        ["LANGUAGE": "en:zh_CN", "LANG": "zh_CN.UTF-8"], ["LANGUAGE": "de", "LANG": "zh_CN.UTF-8"],
        ["LANGUAGE": "zh_CN", "LANG": "zh_CN.GBK"], ["LANGUAGE": "C:zh_CN", "LANG": "zh_CN.UTF-8"],
        ["LANG": "zh_CN.UTF-8", "LC_CTYPE": "C"], ["LC_CTYPE": "C", "LC_MESSAGES": "zh_CN.UTF-8"],
    ])
    func english(environment: [String: String]) {
        #expect(Self.language(environment) == .english)
    }

    @Test func theProgramUsesIt() throws {
        let directory = try TemporaryDirectory()
        func help(_ environment: String) throws -> String {
            try shell("unset LANGUAGE LC_ALL LC_MESSAGES LANG; \(environment) $A --help", in: directory)
                .stdout
        }
        let english = try help("")
        #expect(english.contains("OVERVIEW: Turn on Kubernetes' aggregation layer"))
        #expect(try help("LC_ALL=C LANG=zh_CN.UTF-8") == english)
        #expect(try help("LANG=zh_CN.UTF-8").contains("在控制平面上启用 Kubernetes 聚合层"))
    }

    private func catalog(_ text: String) -> [String: String] {
        Array(text.utf8).withUnsafeBufferPointer { Catalog($0).translations }
    }

    @Test func catalogsAreRead() {
        let text = #"""
            # A comment.
            msgid ""
            msgstr "Language: zh_CN\n"

            #: Sources/File.swift:1
            #, kde-format
            msgid "one %1"
            msgstr "一 %1"
            msgid ""
            "two \"lines\"\n"
            "and a\ttab\\"
            msgstr ""
            "两\n"
            "行"

            #, fuzzy, kde-format
            msgid "not sure"
            msgstr "不确定"

            msgid "not yet"
            msgstr ""

            #~ msgid "old"
            #~ msgstr "旧"

            msgid "last"
            msgstr "末"
            """#
        let wanted = ["one %1": "一 %1", "two \"lines\"\nand a\ttab\\": "两\n行", "last": "末"]
        #expect(catalog(text) == wanted)
        #expect(catalog(text + "\n") == wanted)
        #expect(catalog("") == [:])
    }

    /// gettext's own tools find the same in the program's catalog.
    @Test func gettextReadsTheSame() throws {
        let directory = try TemporaryDirectory()
        let file = #filePath.components(separatedBy: "/Tests/")[0] + "/Sources/CTranslations/zh_CN.po"
        let script = """
            msgfmt --check -o zh.mo '\(file)' && python3 -c '
            import gettext, json
            texts = gettext.GNUTranslations(open("zh.mo", "rb"))._catalog
            print(json.dumps({one: other for one, other in texts.items() if one}))'
            """
        let result = try shell(script, in: directory)
        #expect(result.status == 0, "\(result.stderr)")
        let texts = try JSONDecoder().decode([String: String].self, from: Data(result.stdout.utf8))
        #expect(Language.chineseCatalog().translations == texts)
    }

    /// What others wrote is neither changed nor glued to a translation.
    @Test(arguments: [
        ("节点", "无法打开 节点：不见了"), ("中 ", "无法打开 中 ：不见了"), ("/a b", "无法打开 /a b：不见了"),
    ])
    func valuesStayApart(path: String, wanted: String) {
        let translations = ["cannot %1 %2: %3": "无法 %1 %2：%3", "open": "打开", "it is gone": "不见了"]
        let (operation, cause): (Message, Message) = ("open", "it is gone")
        let text: Message = "cannot \(operation) \(path): \(cause)"
        #expect(text.text { translations[$0] } == wanted)
        let subject = Message(verbatim: path)
        #expect(("cannot \(operation) \(subject): \(cause)" as Message).text { translations[$0] } == wanted)
    }

    @Test func valuesTakeTheirPlaces() {
        let (wrong, right) = ("--sepc", "--spec")
        let text: Message = "unknown option '\(wrong)'. Did you mean '\(right)'?"
        #expect(text.text(Language.chineseCatalog().translation) == "未知选项 '--sepc'。是不是想写 '--spec'？")
        #expect(text.text { _ in "%2 %1" } == "--spec --sepc")
        #expect(text.text { _ in nil } == text.description)
    }
}
