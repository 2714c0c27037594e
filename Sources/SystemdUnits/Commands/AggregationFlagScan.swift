// SPDX-License-Identifier: Apache-2.0

import Values

/// The words of a command that make up aggregation flags, where they can be taken out of it.
package struct AggregationFlagScan {
    /// Indices in `ExecCommand.words`.
    private(set) var words: Set<Int> = []
    /// The flags as they stand in the file, in order.
    private(set) var removed: [String] = []

    /// - Throws: `UnitError`: `wrapper`, or `flagsInVariable` where a flag's name, or an unknown number of
    ///   words, comes out of a variable.
    init(
        _ command: ExecCommand, _ expansion: CommandExpansion, _ environment: ServiceEnvironment, unit: String
    ) throws(UnitError) {
        try Self.refuseWrapper(command, unit)
        let arguments = expansion.arguments
        let flags = EffectiveFlags.parse(commandLine: arguments.map(\.pattern.description))
        if flags.terminator != nil {
            throw UnitError(
                .wrapper, "merge", unit,
                cause: "the command in \(command.place) ends its options with --, so that no flag can follow",
                hint: "remove the --")
        }
        for flag in flags.occurrences where APIServerFlags.names.contains(flag.name) {
            let own = flag.arguments.map { arguments[$0] }
            try Self.refuseVariable(flag.name, own, command, environment, unit)
            let indices = own.map(\.word)
            words.formUnion(indices)
            removed.append(indices.map { command.words[$0].raw }.joined(separator: " "))
        }
    }

    /// Whether a shell runs, or something else that has kube-apiserver's command line in one word.
    package static func runsShell(_ command: ExecCommand) -> Bool { shellCause(command) != nil }

    private static func shellCause(_ command: ExecCommand) -> Message? {
        if ShellCommand.shells.contains(command.executable.splitPath.name) {
            return "runs a shell"
        }
        for word in command.arguments.dropFirst() {
            let parts = word.value.utf8.split(whereSeparator: UnitByte.isBlank)
            if parts.count > 1, String(decoding: parts.joined(), as: UTF8.self).contains("kube-apiserver") {
                return "has kube-apiserver's command line as one argument"
            }
        }
        return nil
    }

    static func refuseWrapper(_ command: ExecCommand, _ unit: String) throws(UnitError) {
        if let shell = ShellCommand(command), shell.doubt != nil { throw shell.unclear(command, unit) }
        guard let cause = shellCause(command) else { return }
        let hint: Message =
            ShellCommand(command) != nil
            ? "write $\(APIServerFlags.variable) as the last word of kube-apiserver's command line there: the flags are "
                + "set in that variable, and the shell puts them in"
            : "let ExecStart= run kube-apiserver itself, or write $\(APIServerFlags.variable) as its last word and have "
                + "the script pass its arguments on with \"$@\""
        throw UnitError(
            .wrapper, "merge", unit, cause: "the command in \(command.place) \(cause)", hint: hint)
    }

    private static func refuseVariable(
        _ name: String, _ arguments: [CommandExpansion.Argument], _ command: ExecCommand,
        _ environment: ServiceEnvironment, _ unit: String
    ) throws(UnitError) {
        let first = arguments[0]
        let word = command.words[first.word]
        if let variable = first.variable { throw inVariable(name, variable, environment, command, unit) }
        guard EffectiveFlags.name(of: word.value) == name else {
            // The name is put together with ${NAME}.
            let variable = if case .embedded(let names) = word.expansion { names[0] } else { word.value }
            throw inVariable(name, variable, environment, command, unit)
        }
        let isComplete = name == APIServerFlags.routingName || word.value.utf8.contains(UnitByte.equals)
        guard !isComplete, first.word + 1 < command.words.count else { return }
        // The value must be the next word, and that one argument: nothing else tells what it was.
        guard case .split(let variable) = command.words[first.word + 1].expansion else { return }
        let count = CommandExpansion.split(environment[variable]).count
        if count != 1 || !environment.unseen(for: variable).isEmpty {
            throw inVariable(name, variable, environment, command, unit)
        }
    }

    private static func inVariable(
        _ flag: String, _ variable: String, _ environment: ServiceEnvironment, _ command: ExecCommand,
        _ unit: String
    ) -> UnitError {
        let value = environment[variable]
        let origin: Message = value.map { ", which \($0.origin) sets" } ?? ""
        let isFile = value.map { value in environment.files.contains { $0.path == value.origin } } ?? false
        let hint: Message
        if let value, isFile {
            hint =
                "remove the aggregation flags from \(variable) in \(value.origin), or set apiServer.flagsIn to "
                + "environmentFile and apiServer.environmentFile to { \"path\": \"\(value.origin)\", \"variable\": "
                + "\"\(variable)\" }"
        } else if let value {
            hint =
                "remove the aggregation flags from \(variable) in \(value.origin) and run it again: they are written again"
        } else {
            hint = "write --\(flag) in the command itself, without a variable, and run it again"
        }
        return UnitError(
            .flagsInVariable, "merge", unit,
            cause: "--\(flag) of the command in \(command.place) comes from $\(variable)\(origin)",
            hint: hint)
    }
}
