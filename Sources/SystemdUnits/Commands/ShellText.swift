// SPDX-License-Identifier: Apache-2.0

/// The simple commands of a shell's text, as far as they can be told, and what it does to variables.
struct ShellText {
    private(set) var commands: [[ShellCommand.Word]] = [[]]
    /// Variables that the text itself sets, or may set.
    private(set) var assigned: Set<String> = []
    /// What else in it may set any variable; nil where nothing does.
    private(set) var readsElsewhere: String?
    let hasHereDocument: Bool

    /// What may stand before a simple command.
    private static let reserved: Set<String> = [
        "!", "{", "}", "if", "then", "elif", "else", "while", "until", "do", "time", "command", "builtin",
        "coproc",
    ]
    private static let declaring: Set<String> = ["export", "readonly", "declare", "typeset", "local"]
    private static let setting: Set<String> = [
        "unset", "read", "mapfile", "readarray", "getopts", "for", "select", "let", "printf",
    ]

    init(_ text: [UInt8]) {
        var reader = ShellReader(text)
        while let token = reader.next() {
            switch token {
            case .word(let word): commands[commands.count - 1].append(word)
            case .end: commands.append([])
            }
        }
        hasHereDocument = reader.hasHereDocument
        commands = commands.map { takeAssignments(Array($0.drop { Self.reserved.contains($0.text) })) }
    }

    /// Notes what the command does to variables; gives it without those that it sets for itself.
    private mutating func takeAssignments(_ words: [ShellCommand.Word]) -> [ShellCommand.Word] {
        for word in words { noteDefaults(word.text) }
        let command = words.drop { word in
            guard let name = Self.assignment(word.text) else { return false }
            assigned.insert(name)
            return true
        }
        let name = command.first?.text ?? ""
        let arguments = command.dropFirst().map(\.text)
        if Self.declaring.contains(name) { assigned.formUnion(arguments.compactMap(Self.assignment)) }
        if Self.setting.contains(name) {
            assigned.formUnion(arguments.map { Self.assignment($0) ?? $0 })
        }
        if [".", "source", "eval"].contains(name) { readsElsewhere = name }
        return Array(command)
    }

    /// `${NAME:=...}` sets a variable too.
    private mutating func noteDefaults(_ text: String) {
        for part in text.components(after: "${") {
            let name = part.utf8.prefix { byte in
                byte == 0x5F || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF)
            }
            let rest = part.utf8.dropFirst(name.count)
            if rest.starts(with: ":=".utf8) || rest.starts(with: "=".utf8) {
                assigned.insert(String(decoding: name, as: UTF8.self))
            }
        }
    }

    /// The name in `NAME=...` and `NAME+=...`.
    private static func assignment(_ text: String) -> String? {
        guard let equals = text.firstIndex(of: "=") else { return nil }
        let name = text[..<equals].hasSuffix("+") ? text[..<equals].dropLast() : text[..<equals]
        return EnvironmentFile.isName(String(name)) ? String(name) : nil
    }
}

extension String {
    /// What stands behind each `mark`, up to the end.
    fileprivate func components(after mark: String) -> [Substring] {
        var (parts, rest) = ([Substring](), self[...])
        while let range = rest.firstRange(of: mark) {
            rest = rest[range.upperBound...]
            parts.append(rest)
        }
        return parts
    }
}
