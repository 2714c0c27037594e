// SPDX-License-Identifier: Apache-2.0

/// A page's parts in their order, each with what a translation of it keeps: its shape, its code and its links.
struct PageParts {
    struct Part: Equatable {
        /// Such as `## `, `text`, `- item`, `row of 2`, `cell`, or a fenced block with all of its lines.
        let shape: String
        var text = ""

        private var isBlock: Bool { shape.hasPrefix("```") }

        /// The shape with a mark for each comment of a block. `# exit N` is no comment: a test reads it.
        var skeleton: String {
            guard isBlock else { return shape }
            return shape.split(separator: "\n", omittingEmptySubsequences: false)
                .map { $0.replacing(Self.comment) { "\($0.1)#" } }.joined(separator: "\n")
        }

        /// What is said in a block to people.
        var comments: [String] {
            guard isBlock else { return [] }
            return shape.split(separator: "\n").flatMap { $0.matches(of: Self.comment).map { String($0.2) } }
        }

        private nonisolated(unsafe) static let comment = /(^| +)# (?!exit \d)(.*)$/

        /// What stands in code marks, without its order.
        var spans: Set<String> {
            Set(text.matches(of: /(`+)(.+?)\1(?!`)/).map { String($0.2) })
        }

        /// Where its links and images lead.
        var links: [String] { text.matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) } }

        /// What is read: no code, no link targets, no marks for bold or italics.
        var prose: String {
            text.replacing(/\]\([^)\s]+\)/, with: "]").replacing(/!?\[|[\]*]/, with: "")
        }
    }

    private(set) var parts: [Part] = []
    /// Lines that continue a paragraph or an item: a reader sees each of them begin with a space.
    private(set) var continuations: [String] = []

    var headings: [String] { parts.filter { $0.shape.hasPrefix("#") }.map(\.text) }

    init(_ page: String) {
        var fence: [Substring] = []
        var isOpen = false
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            let words = line.drop { $0 == " " }
            if !fence.isEmpty {
                fence.append(line)
                guard words == "```" else { continue }
                parts.append(Part(shape: fence.joined(separator: "\n")))
                (fence, isOpen) = ([], false)
            } else if words.hasPrefix("```") {
                fence = [line]
            } else if words.isEmpty {
                isOpen = false
            } else if let heading = line.firstMatch(of: /^(#+ )(.*)$/) {
                parts.append(Part(shape: String(heading.1), text: String(heading.2)))
                isOpen = false
            } else if words.hasPrefix("|") {
                addRow(String(words))
                isOpen = false
            } else if let item = line.firstMatch(of: /^( *(?:[-*]|\d+\.)) (.*)$/) {
                parts.append(Part(shape: "\(item.1) item", text: String(item.2)))
                isOpen = true
            } else if isOpen {
                parts[parts.count - 1].text += " \(words)"
                continuations.append(String(words))
            } else {
                parts.append(Part(shape: "text", text: String(words)))
                isOpen = true
            }
        }
        if !fence.isEmpty { parts.append(Part(shape: "a block without an end")) }
    }

    /// A row of a table is its number of cells, and then each of them.
    private mutating func addRow(_ line: String) {
        let plain = line.replacing("\\|", with: "\u{0}")
        let cells = plain.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
        parts.append(Part(shape: "row of \(cells.count)"))
        for cell in cells {
            let text = String(cell.drop { $0 == " " }).replacing(/[ ]+$/, with: "")
            parts.append(Part(shape: "cell", text: text.replacing("\u{0}", with: "\\|")))
        }
    }
}
