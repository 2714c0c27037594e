// SPDX-License-Identifier: Apache-2.0

/// A command that has a shell run kube-apiserver, such as `sh -c 'exec kube-apiserver $ARGS'`.
///
/// The shell's text is read just far enough to find what kube-apiserver gets: words, quotes, and variables that are
/// words of their own. Anything cleverer is not taken for one.
struct ShellCommand {
    /// A word of kube-apiserver's command line in the shell's text.
    enum Word: Equatable {
        case text(String)
        /// `$NAME` or `${NAME}`, unquoted: the shell splits its value at blanks.
        case variable(String)
    }

    /// Index of the shell's text in `ExecCommand.words`.
    let index: Int
    /// kube-apiserver first.
    let words: [Word]
    /// Whether kube-apiserver takes the shell's place.
    let replacesShell: Bool

    static let shells: Set<String> = [
        "ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "mksh", "rbash", "sh", "tcsh", "zsh",
    ]

    init?(_ command: ExecCommand) {
        let values = command.words.map(\.value)
        guard
            let shell = values.indices.first(where: { index in
                let word = index == 0 ? command.executable : values[index]
                return Self.shells.contains(String(word.split(separator: "/").last ?? ""))
            }), shell + 2 < values.count, values[shell + 1].hasPrefix("-"), values[shell + 1].hasSuffix("c")
        else { return nil }
        index = shell + 2
        // What systemd leaves of the word; where it puts a value in, the shell reads that value.
        let text =
            command.expandsVariables
            ? CommandExpansion.embedding(in: values[index]) { "${\($0)}" } : values[index]
        guard let found = Self.commands(Array(text.utf8)).last(where: { $0.contains(where: Self.isServer) }),
            let start = found.firstIndex(where: Self.isServer)
        else { return nil }
        words = Array(found[start...])
        replacesShell = found[..<start].contains(.text("exec"))
    }

    /// The arguments with variables expanded; nil for a value that a shell would not only split.
    func expand(_ environment: ServiceEnvironment) -> CommandExpansion? {
        var expansion = CommandExpansion()
        for word in words {
            switch word {
            case .text(let text):
                expansion.arguments.append(.init(pattern: ArgumentPattern(text: text), word: index))
            case .variable(let name):
                guard let value = environment[name] else { continue }
                guard !value.text.contains(where: { "\"'\\*?[]{}()<>|&;#~`$%".contains($0) }) else {
                    return nil
                }
                for (position, part) in value.text.split(whereSeparator: \.isWhitespace).enumerated() {
                    expansion.arguments.append(
                        .init(
                            pattern: ArgumentPattern(text: String(part)), word: index, variable: name,
                            position: position))
                }
            }
        }
        for case .variable(let name) in words { expansion.note(name, environment, mayBeFlag: true) }
        return expansion
    }

    /// The aggregation flags that kube-apiserver gets.
    /// - Throws: `UnitError` with `wrapper` where they cannot be told.
    func ownFlags(
        _ environment: ServiceEnvironment, _ command: ExecCommand, _ unit: String
    ) throws(UnitError) -> [String] {
        guard let expansion = expand(environment) else { throw unclear(command, unit) }
        let words = expansion.arguments.map(\.pattern.description)
        let flags = EffectiveFlags.parse(commandLine: words)
        guard flags.terminator == nil else { throw unclear(command, unit) }
        return flags.occurrences.filter { APIServerFlags.names.contains($0.name) }
            .flatMap { $0.arguments.map { words[$0] } }
    }

    /// The refusal of a text or value that a shell does more with than splitting it.
    func unclear(_ command: ExecCommand, _ unit: String) -> UnitError {
        UnitError(
            .wrapper, "merge", unit,
            cause:
                "the shell in \(command.place) does more with a variable of kube-apiserver's than splitting it",
            hint: "let ExecStart= run kube-apiserver itself: systemd expands and splits $NAME without a shell"
        )
    }

    /// A shell reads some characters of a value that systemd only splits.
    static func refuseUnsafe(_ arguments: [String]) throws(UnitError) {
        let plain = Set("/.,:=@+_-".utf8)
        for argument in arguments {
            let isPlain = argument.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || plain.contains(byte)
            }
            if isPlain { continue }
            throw UnitError(
                .unsafeValue, "write", argument, cause: "a shell would not take it as it is",
                hint: "let ExecStart= run kube-apiserver itself, without a shell")
        }
    }

    func uses(_ variable: String) -> Int { words.count { $0 == .variable(variable) } }

    private static func isServer(_ word: Word) -> Bool {
        guard case .text(let text) = word else { return false }
        return CommandProgram([text]).kind == .apiServer
    }

    /// The simple commands of a shell's text, as far as they can be told.
    private static func commands(_ text: [UInt8]) -> [[Word]] {
        var commands: [[Word]] = [[]]
        var reader = ShellReader(text)
        while let token = reader.next() {
            switch token {
            case .word(let word): commands[commands.count - 1].append(word)
            case .end: commands.append([])
            }
        }
        return commands
    }
}

/// Splits a shell's text.
private struct ShellReader {
    enum Token {
        case word(ShellCommand.Word)
        /// What ends a simple command, or a redirection, behind which no argument is looked for.
        case end
    }

    private let text: [UInt8]
    private var position = 0

    init(_ text: [UInt8]) { self.text = text }

    mutating func next() -> Token? {
        while position < text.count, UnitByte.isBlank(text[position]), text[position] != UnitByte.newline {
            position += 1
        }
        guard position < text.count else { return nil }
        if "\n;&|<>()".utf8.contains(text[position]) {
            position += 1
            return .end
        }
        let start = position
        let value = word()
        let raw = text[start..<position]
        // `2>` is a redirection.
        if position < text.count, "<>".utf8.contains(text[position]),
            raw.allSatisfy({ (0x30...0x39).contains($0) })
        {
            return .end
        }
        return .word(Self.variable(raw).map { .variable($0) } ?? .text(value))
    }

    private mutating func word() -> String {
        var value: [UInt8] = []
        var quote: UInt8?
        while position < text.count {
            let byte = text[position]
            if quote == nil && (UnitByte.isBlank(byte) || ";&|<>()".utf8.contains(byte)) { break }
            position += 1
            if byte == quote {
                quote = nil
            } else if quote == nil && (byte == UnitByte.singleQuote || byte == UnitByte.doubleQuote) {
                quote = byte
            } else if byte == UnitByte.backslash && quote != UnitByte.singleQuote && position < text.count {
                if text[position] != UnitByte.newline { value.append(text[position]) }
                position += 1
            } else {
                value.append(byte)
            }
        }
        return String(decoding: value, as: UTF8.self)
    }

    private static func variable(_ raw: ArraySlice<UInt8>) -> String? {
        let text = String(decoding: raw, as: UTF8.self)
        guard text.hasPrefix("$") else { return nil }
        let name =
            text.hasPrefix("${") && text.hasSuffix("}") ? text.dropFirst(2).dropLast() : text.dropFirst()
        return EnvironmentFile.isName(String(name)) ? String(name) : nil
    }
}
