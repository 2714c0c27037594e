// SPDX-License-Identifier: Apache-2.0

/// Reads a `Template`.
struct TemplateParser {
    private enum Tag {
        case text(name: String)
        case opening(name: String, isInverted: Bool)
        case closing(name: String)

        var isOfSection: Bool { if case .text = self { false } else { true } }
    }

    private struct OpenSection {
        let name: String
        let isInverted: Bool
        /// What stands before the section.
        let outer: [Template.Part]
    }

    private var rest: Substring
    private var parts: [Template.Part] = []
    private var open: [OpenSection] = []
    /// Whether nothing but blanks stands before `rest` on its line.
    private var isAtLineStart = true

    init(_ text: String) { rest = text[...] }

    mutating func document() throws(Template.Fault) -> [Template.Part] {
        while let start = rest.firstRange(of: "{{") {
            let before = rest[..<start.lowerBound]
            rest = rest[start.lowerBound...]
            let indent = before.reversed().prefix { $0 == " " || $0 == "\t" }.count
            let line = before.dropLast(indent)
            let beginsLine = line.isEmpty ? isAtLineStart : line.last == "\n"
            let tag = try tag()
            if tag.isOfSection, beginsLine, takeLineEnd() {
                append(String(line))
                isAtLineStart = true
            } else {
                append(String(before))
                isAtLineStart = false
            }
            try take(tag)
        }
        append(String(rest))
        guard let section = open.last else { return parts }
        throw Template.Fault("the section \(section.name) is not closed")
    }

    /// Steps over a line's end, where nothing else stands before it.
    private mutating func takeLineEnd() -> Bool {
        let end = rest.drop { $0 == " " || $0 == "\t" }
        guard end.isEmpty || end.first == "\n" else { return false }
        rest = end.dropFirst()
        return true
    }

    private mutating func append(_ literal: String) {
        if !literal.isEmpty { parts.append(.literal(literal)) }
    }

    private mutating func take(_ tag: Tag) throws(Template.Fault) {
        switch tag {
        case .text(let name): parts.append(.text(name: name))
        case .opening(let name, let isInverted):
            open.append(OpenSection(name: name, isInverted: isInverted, outer: parts))
            parts = []
        case .closing(let name):
            guard let section = open.popLast(), section.name == name else {
                throw Template.Fault("{{/\(name)}} closes no section that is open")
            }
            let part = Template.Part.section(
                name: name, isInverted: section.isInverted, parts: parts)
            parts = section.outer + [part]
        }
    }

    /// Steps over the tag at which `rest` begins.
    private mutating func tag() throws(Template.Fault) -> Tag {
        let closing = rest.hasPrefix("{{{") ? "}}}" : "}}"
        let body = rest.dropFirst(closing.count)
        guard let end = body.firstRange(of: closing) else {
            throw Template.Fault("a tag is not closed: \(rest.prefix(20))")
        }
        let content = body[..<end.lowerBound]
        rest = body[end.upperBound...]
        if closing == "}}}" { return .text(name: try name(content)) }
        switch content.first {
        case "#": return .opening(name: try name(content.dropFirst()), isInverted: false)
        case "^": return .opening(name: try name(content.dropFirst()), isInverted: true)
        case "/": return .closing(name: try name(content.dropFirst()))
        default: throw Template.Fault("{{\(content)}} is no tag that is known here")
        }
    }

    private func name(_ content: Substring) throws(Template.Fault) -> String {
        let isName = !content.isEmpty && content.allSatisfy { $0.isASCII && $0.isLetter }
        guard isName || content == "." else {
            throw Template.Fault("\(content) is no name: a name is letters")
        }
        return String(content)
    }
}
