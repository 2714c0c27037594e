// SPDX-License-Identifier: Apache-2.0

import Values

/// A command that has a shell run kube-apiserver, such as `sh -c 'exec kube-apiserver $ARGS'`.
///
/// The shell's text is read just far enough to find what kube-apiserver gets: words, quotes, and variables that are
/// words of their own. Anything cleverer is not taken for one.
package struct ShellCommand {
    /// A word of kube-apiserver's command line in the shell's text.
    enum Word: Equatable {
        case text(String)
        /// `$NAME` or `${NAME}`, unquoted: the shell splits its value at blanks.
        case variable(String)
        /// What the shell makes something else of, which may be a flag, or several words.
        case expanded(String)

        var text: String {
            switch self {
            case .text(let text), .expanded(let text): text
            case .variable(let name): "$\(name)"
            }
        }
    }

    /// Index of the shell's text in `ExecCommand.words`.
    let index: Int
    /// kube-apiserver first.
    let words: [Word]
    /// The whole command that runs kube-apiserver, and what it runs.
    package let line: [String]
    package let program: CommandProgram
    /// Why it is not sure what kube-apiserver gets; nil where it is.
    package let doubt: Message?

    static let shells: Set<String> = [
        "ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "mksh", "rbash", "sh", "tcsh", "zsh",
    ]
    /// Those that have the grammar that is read here, and split variables.
    private static let known: Set<String> = ["ash", "bash", "dash", "ksh", "mksh", "rbash", "sh"]

    package init?(_ command: ExecCommand) {
        let skipped = command.words.count - command.arguments.count
        let values = [command.executable] + command.arguments.dropFirst().map(\.value)
        let shell = CommandProgram(values).program
        guard shell + 2 < values.count, Self.known.contains(values[shell].splitPath.name),
            values[shell + 1].hasPrefix("-"), values[shell + 1].hasSuffix("c")
        else { return nil }
        index = shell + 2 + skipped
        // What systemd leaves of the word; where it puts a value in, the shell reads that value.
        let text = ShellText(
            Array(
                (command.expandsVariables
                    ? CommandExpansion.embedding(in: values[shell + 2]) { "${\($0)}" } : values[shell + 2])
                    .utf8))
        let found = text.commands.compactMap { command -> ([Word], CommandProgram)? in
            let program = CommandProgram(command.map(\.text))
            if case .container = program.kind { return (command, program) }
            return program.kind == .apiServer ? (command, program) : nil
        }
        guard let (last, program) = found.last else { return nil }
        (line, self.program) = (last.map(\.text), program)
        words = Array(last[(program.ownStart - 1)...])
        doubt = Self.doubt(text, words, count: found.count)
    }

    private static func doubt(_ text: ShellText, _ words: [Word], count: Int) -> Message? {
        let names = words.compactMap { if case .variable(let name) = $0 { name } else { nil } }
        if count > 1 { return "runs kube-apiserver \(count) times" }
        if text.hasHereDocument { return "has a text (<<) in it" }
        if let name = names.first(where: text.assigned.contains) { return "sets $\(name) itself" }
        return text.readsElsewhere.flatMap { names.isEmpty ? nil : "may set $\(names[0]) itself, with \($0)" }
    }

    /// The arguments with variables expanded; nil for a value that a shell would not only split.
    package func expand(_ environment: ServiceEnvironment) -> CommandExpansion? {
        guard doubt == nil else { return nil }
        var expansion = CommandExpansion()
        for (offset, word) in words.enumerated() {
            switch word {
            case .expanded(let text) where offset == 0:
                expansion.arguments.append(.init(pattern: ArgumentPattern(text: text), word: index))
            case .expanded: return nil
            case .text(let text):
                expansion.arguments.append(.init(pattern: ArgumentPattern(text: text), word: index))
            case .variable(let name):
                guard let value = environment[name] else { continue }
                // A carriage return would be a part of an argument.
                guard !value.text.utf8.contains(where: { "\"'\\*?[]{}()<>|&;#~`$%\r".utf8.contains($0) })
                else { return nil }
                // At blanks, tabs and line feeds, and no other white space.
                for (position, part) in value.text.utf8.split(whereSeparator: UnitByte.isBlank).enumerated() {
                    expansion.arguments.append(
                        .init(
                            pattern: ArgumentPattern(text: String(decoding: part, as: UTF8.self)),
                            word: index,
                            variable: name, position: position))
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
            cause: "the shell in \(command.place) "
                + (doubt ?? "does more with a variable of kube-apiserver's than splitting it"),
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
                .unsafeValue, "write", argument, cause: "a shell would change it",
                hint: "let ExecStart= run kube-apiserver itself, without a shell")
        }
    }

    package func uses(_ variable: String) -> Int { words.count { $0 == .variable(variable) } }
}
