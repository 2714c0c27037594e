// SPDX-License-Identifier: Apache-2.0

import Values

/// A command of an `ExecStart=` line: its text, which can be put together again byte for byte, and its meaning.
///
/// Source: systemd.service(5) "Command lines", and `config_parse_exec()` of systemd 252 where it is silent.
package struct ExecCommand: Sendable, Equatable {
    /// A word of the command line.
    package struct Word: Sendable, Equatable {
        /// What stands before it: blanks, continuations and comment lines, as in the file.
        package var separator: String
        /// The word as in the file, quotes and escapes included. A continuation within quotes is part of it.
        package var raw: String
        /// Without quotes and escapes; specifiers and variables are still in it.
        package var value: String
        package var expansion: VariableUse
    }

    /// What systemd does with the dollar signs of a word.
    package enum VariableUse: Sendable, Equatable {
        case none
        /// `$NAME` is the whole word: its value is split into any number of words.
        case split(String)
        /// `${NAME}` in a word: each value goes in as it is, the word stays one.
        case embedded([String])
    }

    /// File and first line of the assignment, as `PATH:LINE`.
    package let place: String
    /// The file.
    package let path: String
    private let firstLine: Int
    /// The characters of `-@:+!` before the executable.
    package let prefix: String
    /// The executable first (its raw text holds the prefix); argv[0] of a command with `@` is the second word.
    package let words: [Word]
    /// What stands behind the last word: blanks, continuations and comment lines.
    package let tail: String

    /// The executable without its prefix; specifiers are still in it.
    package var executable: String {
        String(decoding: words[0].value.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    }

    /// Whether variables are expanded: `:` switches that off, and then a dollar sign is only one.
    package var expandsVariables: Bool { !prefix.contains(":") }

    /// The words that the process gets, before variables are expanded.
    package var arguments: [Word] {
        if prefix.contains("@") { return Array(words.dropFirst()) }
        var arguments = words
        arguments[0].value = executable
        return arguments
    }

    /// The line of its file on which a word begins.
    /// - Parameter index: in `words`.
    package func line(ofWord index: Int) -> Int {
        let before = words[..<index].map { $0.separator + $0.raw } + [words[index].separator]
        return firstLine + before.joined().utf8.count { $0 == UnitByte.newline }
    }

    /// Reads the value of an `ExecStart=` assignment.
    ///
    /// - Throws: `UnitError`: `badSyntax` where systemd refuses or ignores the line, `severalCommands` for a `;`.
    package init(_ assignment: UnitAssignment) throws(UnitError) {
        let line = assignment.line
        var reader = UnitWordReader(line.bytes, in: assignment.stripped, escapes: .c)
        var end = assignment.whole.lowerBound
        var words: [Word] = []
        var prefix = ""
        while let word = try Self.nextWord(&reader, isFirst: words.isEmpty, assignment) {
            let value = String(decoding: word.value, as: UTF8.self)
            guard value.utf8.elementsEqual(word.value) else {
                throw Self.problem(assignment, "an escape sequence makes an argument that is not UTF-8")
            }
            if words.isEmpty { prefix = Self.prefix(of: value) }
            let use = prefix.contains(":") ? .none : Self.variables(in: value)
            words.append(
                Word(
                    separator: line.raw(end..<word.range.lowerBound), raw: line.raw(word.range), value: value,
                    expansion: use))
            end = word.range.upperBound
        }
        guard let first = words.first, first.value.utf8.count > prefix.utf8.count else {
            throw Self.problem(assignment, "the command has no executable")
        }
        guard Self.isExecutable(first.value.utf8.dropFirst(prefix.utf8.count)) else {
            throw Self.problem(assignment, "the executable is neither an absolute path nor a file name")
        }
        guard !prefix.contains("@") || words.count > 1 else {
            throw Self.problem(assignment, "the prefix @ needs a second word")
        }
        place = assignment.place
        (path, firstLine) = (assignment.path, assignment.lineNumber)
        self.prefix = prefix
        self.words = words
        tail = line.raw(end..<assignment.whole.upperBound)
    }

    private static func nextWord(
        _ reader: inout UnitWordReader, isFirst: Bool, _ assignment: UnitAssignment
    ) throws(UnitError) -> UnitWord? {
        if !isFirst && reader.isAt("\\;") {
            return UnitWord(range: reader.take(2), value: [UnitByte.semicolon], unknownEscape: false)
        }
        let isSeparator = !isFirst && reader.isAt(";")
        let word: UnitWord?
        do {
            word = try reader.next()
        } catch {
            throw problem(assignment, "unbalanced quotes")
        }
        guard !isSeparator, !isFirst || word?.value != [UnitByte.semicolon] else {
            throw UnitError(
                .severalCommands, "read", assignment.path, line: assignment.lineNumber,
                cause: "a ; of its own starts another command",
                hint: "an API server's unit has one command: write the semicolon as \\; if it is an argument")
        }
        return word
    }

    /// The special characters at the start of the first word; each counts once, `!` twice.
    private static func prefix(of word: String) -> String {
        var prefix = ""
        for scalar in word.unicodeScalars {
            let character = Character(scalar)
            let isKnown: Bool =
                switch character {
                case "-", "@", ":": !prefix.contains(character)
                case "+": !prefix.contains("+") && !prefix.contains("!")
                case "!": !prefix.contains("+") && prefix.count { $0 == "!" } < 2
                default: false
                }
            guard isKnown else { break }
            prefix.append(character)
        }
        return prefix
    }

    /// How systemd's `replace_env_argv()` sees a word: a dollar sign at its start makes the rest a name, unless
    /// `{` or `$` follows.
    private static func variables(in word: String) -> VariableUse {
        let bytes = Array(word.utf8)
        let dollar = UInt8(ascii: "$")
        if bytes.first == dollar, bytes.count < 2 || (bytes[1] != dollar && bytes[1] != UInt8(ascii: "{")) {
            return .split(String(decoding: bytes.dropFirst(), as: UTF8.self))
        }
        var names: [String] = []
        _ = CommandExpansion.embedding(in: word) { name in
            names.append(name)
            return ""
        }
        return names.isEmpty ? .none : .embedded(names)
    }

    /// What systemd takes, but for specifiers, which it expands before it looks.
    private static func isExecutable(_ path: Substring.UTF8View) -> Bool {
        let (slash, percent) = (UInt8(ascii: "/"), UInt8(ascii: "%"))
        let isSafe = !path.contains { $0 < 0x20 || $0 == 0x7F || "\"'\\".utf8.contains($0) }
        let isPath = path.first == slash || path.contains(percent) || !path.contains(slash)
        return isSafe && isPath && path.last != slash
    }

    private static func problem(_ assignment: UnitAssignment, _ cause: Message) -> UnitError {
        UnitError(.badSyntax, "read", assignment.path, line: assignment.lineNumber, cause: cause)
    }
}
