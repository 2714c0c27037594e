// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `NAME.zh-CN.md` is the Chinese `NAME.md`: it has the same parts in the same order, with the same commands, code and links.
@Suite struct PageTranslationTests {
    private static let ending = ".zh-CN.md"

    /// Every translated page by its path, with the path of its original.
    private func translations(of pages: [String: String]) -> [(name: String, original: String)] {
        pages.keys.sorted().filter { $0.hasSuffix(Self.ending) }.map {
            ($0, String($0.dropLast(Self.ending.count)) + ".md")
        }
    }

    @Test func everyTranslationHasWhatItsOriginalHas() throws {
        let pages = try Pages.all()
        let found = translations(of: pages)
        for needed in ["README.md", "docs/tutorial/offline.md", "docs/tutorial/live.md"] {
            #expect(found.contains { $0.original == needed }, "\(needed) has no translation")
        }
        for (name, original) in found {
            #expect(pages[original] != nil, "\(name) has no original")
            #expect(faults(of: name, from: original, in: pages) == [], "\(name)")
        }
    }

    /// A space between Chinese and Latin words, full-width punctuation, and no line break inside a paragraph, where a
    /// browser would show a space; and bold text that is bold.
    @Test func chineseIsSetAsItIsRead() throws {
        let pages = try Pages.all()
        for (name, _) in translations(of: pages) {
            let page = PageParts(try #require(pages[name]))
            #expect(page.continuations == [], "\(name)")
            for part in page.parts {
                #expect(Self.typesettingFaults(part.prose) == [], "\(name): \(part.prose)")
                #expect(!hasLostBold(part.text), "\(name): \(part.text)")
            }
        }
        #expect(Self.typesettingFaults("重启kube-apiserver") == ["启k"])
        #expect(Self.typesettingFaults("用 `plan`查看") == ["`查"])
        #expect(Self.typesettingFaults("先看计划, 再执行") == ["划,"])
        #expect(Self.typesettingFaults("先看计划， 再执行") == ["， "])
        #expect(Self.typesettingFaults("先看计划，再用 `init` 执行：共 3 个节点。") == [])
        #expect(hasLostBold("**已有集群？**执行") && !hasLostBold("**已有集群**？执行"))
    }

    /// Markdown shows the stars of a bold text that has a mark at its edge and a Chinese letter behind that.
    private func hasLostBold(_ text: String) -> Bool {
        text.matches(of: /(.?)\*\*([^*]+)\*\*(.?)/).map(\.output).contains { _, before, bold, after in
            before.contains(/[\u{3400}-\u{9FFF}]/) && bold.contains(/^[\[“（`]/)
                || after.contains(/[\u{3400}-\u{9FFF}]/) && bold.contains(/[\])”）。，？！：；`]$/)
        }
    }

    static func typesettingFaults(_ text: String) -> [String] {
        let halfBesideFull = /[\u{3400}-\u{9FFF}][A-Za-z0-9`,.;:!?()]|[A-Za-z0-9`,.;:!?()][\u{3400}-\u{9FFF}]/
        let spaceBesideMark = /[，。；：！？（）、“”] | [，。；：！？（）、“”]/
        return [halfBesideFull, spaceBesideMark].flatMap { text.matches(of: $0) }.map { String($0.output) }
    }

    /// What the translation `name` lacks of its original, or has beyond it.
    private func faults(of name: String, from original: String, in pages: [String: String]) -> [String] {
        var (here, there) = (PageParts(pages[name] ?? "").parts, PageParts(pages[original] ?? "").parts)
        let (file, originalFile) = (Pages.file(of: name), Pages.file(of: original))
        // The line below the title leads from one language to the other.
        let lines = ["[English](\(originalFile)) · 简体中文", "English · [简体中文](\(file))"]
        guard here.count > 1, there.count > 1, [here[1].text, there[1].text] == lines else {
            return ["the second lines are not: \(lines)"]
        }
        here.remove(at: 1)
        there.remove(at: 1)
        for (part, wanted) in zip(here, there) {
            if part.skeleton != wanted.skeleton {
                return ["\(part.shape) \(part.text)\nstands for\n\(wanted.shape) \(wanted.text)"]
            }
        }
        if here.count != there.count {
            return ["it has \(here.count) parts, the original \(there.count)"]
        }
        return zip(here, there).flatMap { part, wanted -> [String] in
            let links = wanted.links.map { translated($0, on: original, in: pages) }.sorted()
            var faults = part.comments.filter { !$0.contains(/\p{Han}/) }.map {
                "a comment in English: \($0)"
            }
            if part.spans != wanted.spans {
                let odd = part.spans.symmetricDifference(wanted.spans).sorted()
                faults.append("code that only one of both has: \(odd)\n\(part.text)")
            }
            if part.links.sorted() != links { faults.append("links are not \(links)\n\(part.text)") }
            return faults
        }
    }

    /// Where a link of the original leads on its translation: to the translated page and heading, if there is one.
    private func translated(_ link: String, on page: String, in pages: [String: String]) -> String {
        let halves = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        let target = halves[0].isEmpty ? page : Pages.target(of: halves[0], on: page)
        guard target.hasSuffix(".md"), let original = pages[target],
            let translation = pages[String(target.dropLast(3)) + Self.ending]
        else { return link }
        let file = halves[0].isEmpty ? "" : String(halves[0].dropLast(3)) + Self.ending
        guard halves.count > 1 else { return file }
        let anchors = [original, translation].map { PageParts($0).headings.map(Pages.anchor) }
        let index = anchors[0].firstIndex(of: halves[1]) ?? -1
        return anchors[1].indices.contains(index) ? "\(file)#\(anchors[1][index])" : "\(file)#?"
    }

    private static let small = """
        # Title

        English · [简体中文](a.zh-CN.md)

        ## One

        Run `init`, see [two](#two) and [b](b.md).

        ```sh
        aggbootstrap init
        ```

        | a | b |
        |---|---|
        | `x` | y |

        ## Two

        - item
        """

    private static let smallChinese = """
        # 标题

        [English](a.md) · 简体中文

        ## 一

        执行 `init`，见[二](#二)和 [b](b.zh-CN.md)。

        ```sh
        aggbootstrap init
        ```

        | 甲 | 乙 |
        |---|---|
        | `x` | 丙 |

        ## 二

        - 项
        """

    private func small(_ page: String, _ translation: String) -> [String] {
        let pages = [
            "a.md": page, "a.zh-CN.md": translation, "b.md": "# B\n", "b.zh-CN.md": "# B\n",
        ]
        return faults(of: "a.zh-CN.md", from: "a.md", in: pages)
    }

    @Test func aTranslationThatKeepsAllHasNoFault() {
        #expect(small(Self.small, Self.smallChinese) == [])
    }

    /// One thing changes in the original, and the translation does not follow.
    @Test(arguments: [
        ("aggbootstrap init\n", "aggbootstrap init --yes\n"), ("```sh", "```"), ("## Two", "### Two"),
        ("- item", "- item\n\n## Three"), ("- item", "- item\n- item"), ("- item", "1. item"),
        ("| `x` | y |", "| `x` | y |\n| z | z |"), ("| `x` | y |", "| `x` |"),
        ("| `x` | y |", "| `x` | `y` |"),
        ("`init`", "`plan`"), ("`init`", "init"), ("(b.md)", "(c.md)"), ("(#two)", "(#one)"),
        ("(a.zh-CN.md)", "(b.md)"),
        ("- item", "- item\n\nMore."), ("## One\n", "## One\n\n## Two\n"),
    ])
    func aDriftIsSeen(old: String, new: String) {
        let drifted = Self.small.replacing(old, with: new, maxReplacements: 1)
        #expect(drifted != Self.small)
        #expect(small(drifted, Self.smallChinese) != [])
    }

    /// A translated page is linked, not its original.
    @Test func aLinkToTheOtherLanguageIsSeen() {
        #expect(small(Self.small, Self.smallChinese.replacing("b.zh-CN.md", with: "b.md")) != [])
    }
}
