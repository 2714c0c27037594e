// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Values

/// The command line's help in the language of a catalog.
///
/// The parser makes it in English and breaks its lines at blanks, which Chinese does not have. So it is asked for lines of any
/// length; each text in them is looked up as a whole, and the lines are broken here.
struct HelpText {
    /// For the parser: no line is that long.
    static let noLimit = 1 << 20

    let catalog: Catalog
    let width: Int

    /// - Parameter width: of the terminal; as the parser has it.
    init(_ catalog: Catalog, width: Int? = nil) {
        self.catalog = catalog
        let given = LocalHost.environment("COLUMNS").flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        self.width = max(50, width ?? given ?? LocalHost.terminalSize(1)?.columns ?? 80)
    }

    /// - Parameter english: what the parser shows if lines have no limit: help, a version, a script for a shell.
    func translated(_ english: String) -> String {
        let overview = "OVERVIEW: "
        guard english.hasPrefix(overview), let usage = english.firstRange(of: "\n\nUSAGE: ") else {
            return english
        }
        let about = english[..<usage.lowerBound].dropFirst(overview.count)
        let rest = english[usage.upperBound...].split(separator: "\n", omittingEmptySubsequences: false)
        let lines =
            [shown(Self.title("OVERVIEW:")) + self.about(about), ""] + [shown(Self.title("USAGE:")) + rest[0]]
        return (lines + sections(rest.dropFirst())).joined(separator: "\n")
    }

    // MARK: - The parts

    /// What a command does, in a sentence, and more about it.
    private func about(_ text: Substring) -> String {
        guard let end = text.firstRange(of: "\n\n") else { return wrapped(translation(text), indent: 0) }
        let discussion = translation(text[end.upperBound...])
        let lines = discussion.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // An example is a line to be copied.
        return
            ([wrapped(translation(text[..<end.lowerBound]), indent: 0), ""]
            + lines.map { $0.hasPrefix("  ") ? $0 : wrapped($0, indent: 0) }).joined(separator: "\n")
    }

    /// Where the parser begins what it says of an option, and what more it says of it.
    private static let (abstract, discussion) = (26, 8)

    private func sections(_ lines: ArraySlice<Substring>) -> [String] {
        lines.indices.map { index in
            let line = lines[index]
            let indent = line.prefix { $0 == " " }.count
            switch indent {
            case 0: return line.isEmpty ? "" : title(line)
            case Self.discussion: return paragraph(translation(line.dropFirst(indent)), indent: indent)
            case Self.abstract: return paragraph(self.abstract(line.dropFirst(indent)), indent: indent)
            default: break
            }
            if let match = line.wholeMatch(of: /\ +See '(.*)' for detailed help\./) {
                return "  " + shown("See '\(match.1)' for detailed help.")
            }
            // An option that is too long for its column has the next line for what is said of it.
            let next = lines[(index + 1)...].first ?? ""
            guard line.count > Self.abstract, !next.hasPrefix(String(repeating: " ", count: Self.abstract))
            else {
                return String(line)
            }
            let text = abstract(line.dropFirst(Self.abstract))
            return String(line.prefix(Self.abstract)) + wrapped(text, indent: Self.abstract)
        }
    }

    private func title(_ line: Substring) -> String {
        let title = Self.title(line)
        if !title.isEmpty { return shown(title) }
        // A group of options has a title of ours, which the parser writes in capitals.
        let own = GateOptions.title
        return line == "\(own.uppercased()):" ? translation(own[...]) + "：" : String(line)
    }

    /// The parser's own titles.
    private static func title(_ line: some StringProtocol) -> Message {
        switch line {
        case "OVERVIEW:": "OVERVIEW: "
        case "USAGE:": "USAGE: "
        case "ARGUMENTS:": "ARGUMENTS:"
        case "OPTIONS:": "OPTIONS:"
        case "SUBCOMMANDS:": "SUBCOMMANDS:"
        default: ""
        }
    }

    /// What is said of an argument, with its values and its default as the parser adds them.
    private func abstract(_ text: Substring) -> String {
        if let whole = catalog.translation(String(text)) { return whole }
        let ending = /(.*?) ?\((?:values: (.*?))?(?:; )?(?:default(?: as flag)?: (.*))?\)/
        guard let match = text.wholeMatch(of: ending), match.2 != nil || match.3 != nil else {
            return String(text)
        }
        let added: Message =
            switch (match.2, match.3) {
            case (let values?, let usual?): " (values: \(values); default: \(usual))"
            case (let values?, nil): " (values: \(values))"
            default: " (default: \(match.3 ?? ""))"
            }
        return translation(match.1) + shown(added)
    }

    private func translation(_ text: Substring) -> String {
        catalog.translation(String(text)) ?? String(text)
    }

    private func shown(_ message: Message) -> String { message.text(catalog.translation) }

    // MARK: - Lines

    private func paragraph(_ text: String, indent: Int) -> String {
        String(repeating: " ", count: indent) + wrapped(text, indent: indent)
    }

    /// The text in lines that fit behind an indentation, which its first line has already.
    func wrapped(_ text: String, indent: Int) -> String {
        var lines = [""]
        var used = indent
        for piece in Self.pieces(text) {
            let count = columns(of: piece)
            if used + columns(of: piece.trimmingEnd) > width, used > indent {
                lines[lines.count - 1] = lines[lines.count - 1].trimmingEnd
                lines.append("")
                used = indent
            }
            lines[lines.count - 1] += piece
            used += count
        }
        return lines.joined(separator: "\n" + String(repeating: " ", count: indent))
    }

    /// What stays together on a line: a word with the blank behind it, or a wide character with the marks around it.
    private static func pieces(_ text: String) -> [String] {
        var pieces: [String] = []
        var last: Character = " "
        for character in text {
            let isBreak = last == " " || isWide(character) || isWide(last)
            let isTogether = character == " " || "，。；：！？、）”》…".contains(character) || "（“《".contains(last)
            if pieces.isEmpty || isBreak && !isTogether {
                pieces.append(String(character))
            } else {
                pieces[pieces.count - 1].append(character)
            }
            last = character
        }
        return pieces
    }

    private static func isWide(_ character: Character) -> Bool { columns(of: String(character)) > 1 }
}
