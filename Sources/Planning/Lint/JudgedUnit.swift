// SPDX-License-Identifier: Apache-2.0

import SystemdUnits
import Values

/// A unit of a set-up, read as systemd reads it, with the flags that its program gets and where each of them comes from.
package struct JudgedUnit: Sendable {
    package let name: String
    /// Fragment first, then the drop-ins in systemd's order; a unit without a fragment has drop-ins alone.
    package let sources: [UnitText]
    /// Lower-case hex SHA-256 of each source.
    package let digests: [String]
    /// Text of each environment file that could be read, by path.
    package let environmentFiles: [String: String]
    /// Whether a file that was not given is one that is not there.
    package let isWhole: Bool
    package let hasFragment: Bool
    /// nil where a file cannot be read as a unit file.
    package let service: EffectiveService?
    /// nil where there is not the one command.
    package let command: ExecCommand?
    package let program: CommandProgram?
    /// Why there is no command.
    package let problem: UnitError?
    package let flags: EffectiveFlags
    /// Why some of the flags may not be known; nil where all are.
    package let doubt: Message?
    let arguments: [CommandExpansion.Argument]
    /// What runs kube-apiserver in place of a unit; nil for a unit.
    package let pod: StaticPod?

    /// A static pod, which has neither a unit's settings nor its variables.
    package init(pod: StaticPod, isWhole: Bool) {
        (name, sources, digests, environmentFiles) = (pod.path.splitPath.name, [], [], [:])
        (self.pod, self.isWhole, hasFragment) = (pod, isWhole, true)
        (service, command, problem, doubt) = (nil, nil, nil, nil)
        let words = pod.words.map(\.text)
        arguments = words.enumerated().map { .init(pattern: .init(text: $1), word: $0) }
        (flags, program) = (EffectiveFlags.parse(commandLine: words), CommandProgram(words))
    }

    package init(
        name: String, unit: ObservedUnit, isWhole: Bool, hasFragment: Bool
    ) {
        (self.name, pod) = (name, nil)
        (sources, digests) = (unit.base, unit.baseDigests)
        (environmentFiles, self.isWhole, self.hasFragment) = (unit.environmentFiles, isWhole, hasFragment)
        var read: (service: EffectiveService?, command: ExecCommand?, problem: UnitError?) = (nil, nil, nil)
        do throws(UnitError) {
            let service = try EffectiveService(
                unit: name, sources: unit.base, environmentFiles: unit.environmentFiles)
            read.service = service
            read.command = try service.command(unit: name)
        } catch {
            read.problem = error
        }
        (service, command, problem) = read
        let found = Self.arguments(read.service, read.command, isWhole: isWhole)
        let waits = hasFragment ? nil : Self.doubt(read.service, read.command)
        (arguments, doubt) = (found.arguments, found.doubt ?? waits)
        let words = arguments.map(\.pattern.description)
        flags =
            read.command == nil
            ? EffectiveFlags.parse(arguments: words) : EffectiveFlags.parse(commandLine: words)
        program = read.command.map { command in
            ShellCommand(command)?.program
                ?? CommandProgram(command, read.service?.environment ?? ServiceEnvironment())
        }
    }

    /// Paths of the files that it is made of, environment files left out.
    package var ownFiles: [String] { pod.map { [$0.path] } ?? sources.map(\.path) }

    /// Whether its program is kube-apiserver, as far as that can be told.
    package var runsAPIServer: Bool {
        switch program?.kind {
        case .apiServer, .container: true
        default: false
        }
    }

    /// Whether it is known which flags kube-apiserver gets, and that others are not given.
    var isClear: Bool { doubt == nil && problem == nil && hasCommand && runsAPIServer }

    /// Whether it is known what is started.
    var hasCommand: Bool { command != nil || pod != nil }

    /// Whether only drop-ins are there, and the command may be in the unit's own file.
    var isWaiting: Bool {
        !hasFragment && problem?.code == .noCommand && service?.hasEmptiedStart == false
    }

    private static func arguments(
        _ service: EffectiveService?, _ command: ExecCommand?, isWhole: Bool
    ) -> (arguments: [CommandExpansion.Argument], doubt: Message?) {
        guard let service else { return ([], nil) }
        guard let command else {
            // A drop-in that waits for a unit which uses the variable.
            let words = CommandExpansion.arguments(of: APIServerFlags.variable, service.environment)
            return (words, nil)
        }
        if let shell = ShellCommand(command) {
            guard let expansion = shell.expand(service.environment) else {
                return ([], "the shell \(shell.doubt ?? "does more with a variable than splitting it")")
            }
            return (expansion.arguments, doubt(expansion, isWhole))
        }
        let expansion = command.expand(environment: service.environment)
        if AggregationFlagScan.runsShell(command) {
            return (
                expansion.arguments, "the command runs a shell that does more than starting kube-apiserver"
            )
        }
        return (expansion.arguments, doubt(expansion, isWhole))
    }

    private static func doubt(_ expansion: CommandExpansion, _ isWhole: Bool) -> Message? {
        let unseen = expansion.unseenFlags.first { $0.mayHoldArguments || !isWhole }
        return unseen.map { "arguments may come from \($0), which is not here" }
    }

    /// A variable of a drop-in's command may be set in the unit that is not here.
    private static func doubt(_ service: EffectiveService?, _ command: ExecCommand?) -> Message? {
        for case .split(let name) in command?.words.map(\.expansion) ?? []
        where service?.environment[name] == nil {
            return "$\(name) may be set in the unit's own file, which is not here"
        }
        return nil
    }

    // MARK: - Places

    /// Where a flag is written.
    func place(_ flag: EffectiveFlags.Occurrence) -> (path: String, line: Int?)? {
        guard let index = flag.arguments.first, index < arguments.count else { return nil }
        return place(arguments[index])
    }

    private func place(_ argument: CommandExpansion.Argument) -> (path: String, line: Int?)? {
        if let pod { return (pod.path, pod.words[argument.word].line) }
        if let name = argument.variable { return place(ofVariable: name) }
        guard let command, argument.word < command.words.count else { return nil }
        return (command.path, command.line(ofWord: argument.word))
    }

    /// Where a variable gets its value.
    func place(ofVariable name: String) -> (path: String, line: Int?)? {
        guard let origin = service?.environment[name]?.origin else { return nil }
        if let text = environmentFiles[origin] { return (origin, EnvironmentFile.line(of: name, in: text)) }
        return Self.split(origin)
    }

    /// `PATH:LINE`.
    static func split(_ place: String) -> (path: String, line: Int?) {
        guard let colon = place.lastIndex(of: ":"), let line = Int(place[place.index(after: colon)...])
        else { return (place, nil) }
        return (String(place[..<colon]), line)
    }

    /// A flag's value as it is written, if systemd or kubelet puts something else in for a part of it.
    func openValue(_ flag: String) -> String? {
        guard let last = flags.occurrences.last(where: { $0.name == flag }) else { return nil }
        if pod != nil { return last.value.flatMap { $0.contains("$(") ? $0 : nil } }
        let isOpen = last.arguments.contains { $0 < arguments.count && arguments[$0].pattern.text == nil }
        return isOpen ? last.value : nil
    }

    /// The file that a flag names, as the process takes its path; nil where the flag is not given, is empty, or
    /// has a specifier.
    package func file(_ flag: String) -> String? {
        guard let path = flags.string(flag), !path.isEmpty, !path.utf8.contains(0), openValue(flag) == nil
        else { return nil }
        if let pod { return pod.nodePath(path) ?? pod.absolutePath(path) }
        return service?.absolutePath(path) ?? path
    }

    /// The first file of these flags that the container of a static pod does not have from the node.
    func unmounted(_ flags: [String]) -> String? {
        guard let pod else { return nil }
        let paths = flags.filter { openValue($0) == nil }.compactMap { self.flags.string($0) }
        return paths.first { !$0.isEmpty && pod.nodePath($0) == nil }
    }
}
