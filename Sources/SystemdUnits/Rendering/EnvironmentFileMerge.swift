// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// Writes the aggregation flags into one variable of a file that a unit reads, and checks what came of it.
///
/// Every other line of the file, and every other argument of its variables, stays byte for byte. Where other variables of
/// the file hold one aggregation flag each and nothing else, each gets the new value of its flag; otherwise the flags are
/// taken out of them.
package struct EnvironmentFileMerge {
    let unit: String
    let base: [UnitText]
    let environmentFiles: [String: String]
    let file: EnvironmentFileSpec
    let flags: APIServerFlags

    private typealias Argument = CommandExpansion.Argument

    func render() throws(UnitError) -> RenderedUnit {
        let service = try EffectiveService(unit: unit, sources: base, environmentFiles: environmentFiles)
        let command = try service.command(unit: unit)
        try checkUse(command)
        try checkFile(service)
        let expansion = try expand(command, service)
        let found = try ownFlags(expansion.arguments, command, service)
        let each = variablesOfOneFlag(expansion.arguments, found.positions)
        let elsewhere = Set(each.values)
        let arguments = flags.arguments.filter { !elsewhere.contains($0) }
        let own = try UnitFileQuoting.variable(arguments)
        _ = try UnitFileQuoting.variable(elsewhere.sorted())
        let inherited = try inherited(expansion.arguments, without: found.indices, service)
        let edit = EnvironmentFileEdit(
            text: environmentFiles[file.path] ?? "", variable: file.variable,
            own: inherited.isEmpty ? own : "\(inherited) \(own)", arguments: arguments, replacements: each)
        if ShellCommand(command) != nil { try ShellCommand.refuseUnsafe(flags.arguments) }
        let text = edit.text(removing: found.positions)
        try check(text, expansion.arguments, found.indices, command)
        return RenderedUnit(
            path: file.path, text: text, mode: .variable(file.variable),
            removed: text == edit.text
                ? [] : found.indices.map { expansion.arguments[$0].pattern.description },
            unseen: expansion.unseenFlags)
    }

    /// The variable that all aggregation flags of a unit come out of, or the last of several in the same file; nil where
    /// there is none, or another place for some of them.
    package static func home(
        of sources: [UnitText], environmentFiles: [String: String], unit name: String
    ) -> EnvironmentFileSpec? {
        guard
            let service = try? EffectiveService(
                unit: name, sources: sources, environmentFiles: environmentFiles),
            let command = try? service.command(unit: name)
        else { return nil }
        let expansion =
            ShellCommand(command)?.expand(service.environment)
            ?? command.expand(environment: service.environment)
        let words = expansion.arguments.map(\.pattern.description)
        let own = EffectiveFlags.parse(commandLine: words).occurrences
            .filter { APIServerFlags.names.contains($0.name) }.flatMap(\.arguments)
        let variables = own.map { expansion.arguments[$0].variable }
        let origins = Set(variables.map { $0.flatMap { service.environment[$0]?.origin } })
        guard origins.count == 1, let path = origins.first ?? nil, let last = variables.last ?? nil,
            service.environment.files.contains(where: { $0.path == path })
        else { return nil }
        return EnvironmentFileSpec(path: path, variable: last)
    }

    // MARK: - Whether the variable is what the command takes its arguments from

    private func checkUse(_ command: ExecCommand) throws(UnitError) {
        let shell = ShellCommand(command)
        if let shell, shell.doubt != nil { throw shell.unclear(command, unit) }
        let embeds = command.words.indices.contains { index in
            guard index != shell?.index, case .embedded(let names) = command.words[index].expansion else {
                return false
            }
            return names.contains(file.variable)
        }
        if embeds {
            throw UnitError(
                .doubled, "merge", unit,
                cause: "the command in \(command.place) uses ${\(file.variable)}, which systemd does not "
                    + "split into words",
                hint: "write it as a word of its own and without braces: $\(file.variable)")
        }
        let uses = shell?.uses(file.variable) ?? command.words.count { $0.expansion == .split(file.variable) }
        guard uses == 1 else {
            throw UnitError(
                .doubled, "merge", unit,
                cause: "the command in \(command.place) uses $\(file.variable) \(uses) times",
                hint: "use it as one word of the command, once; see apiServer.environmentFile.variable")
        }
    }

    private func checkFile(_ service: EffectiveService) throws(UnitError) {
        guard let index = service.environment.files.lastIndex(where: { $0.path == file.path }) else {
            let files = service.environment.files.map(\.path).joined(separator: ", ")
            throw UnitError(
                .overridden, "merge", unit, cause: "the unit does not read \(file.path)",
                hint: files.isEmpty
                    ? "it has no EnvironmentFile=; use apiServer.flagsIn auto" : "it reads \(files)")
        }
        for later in service.environment.files[(index + 1)...] {
            let text = environmentFiles[later.path].map { EnvironmentFile.parse($0).variables } ?? []
            if later.path != file.path, text.contains(where: { $0.name == file.variable }) {
                throw UnitError(
                    .overridden, "merge", unit,
                    cause: "\(later.path) sets $\(file.variable) too, and is read later",
                    hint: "name that file in apiServer.environmentFile.path")
            }
        }
        if service.environment.isUnset(file.variable) {
            throw UnitError(
                .overridden, "merge", unit, cause: "UnsetEnvironment= removes $\(file.variable)",
                hint: "use another variable, or apiServer.flagsIn auto")
        }
        if service.environment.isUnsetByValue(file.variable) {
            throw obstacle.unsetByValue(file.variable)
        }
        try obstacle.checkText(environmentFiles[file.path] ?? "")
    }

    // MARK: - The flags that are there

    private func expand(
        _ command: ExecCommand, _ service: EffectiveService
    ) throws(UnitError) -> CommandExpansion {
        guard let shell = ShellCommand(command) else {
            if AggregationFlagScan.runsShell(command) { try AggregationFlagScan.refuseWrapper(command, unit) }
            return command.expand(environment: service.environment)
        }
        guard let expansion = shell.expand(service.environment) else { throw shell.unclear(command, unit) }
        return expansion
    }

    /// Where aggregation flags stand: indices of the arguments, and the words of each variable of the file.
    private func ownFlags(
        _ arguments: [Argument], _ command: ExecCommand, _ service: EffectiveService
    ) throws(UnitError) -> (indices: [Int], positions: [String: Set<Int>]) {
        let texts = arguments.map(\.pattern.description)
        let parsed = EffectiveFlags.parse(commandLine: texts)
        if let terminator = parsed.terminator {
            let place: Message =
                arguments[terminator].variable.map { "$\($0)" } ?? "the command in \(command.place)"
            throw UnitError(
                .wrapper, "edit", file.path, cause: "\(place) ends its options with --",
                hint: "remove the --: no flag can follow it")
        }
        var indices: [Int] = []
        var positions: [String: Set<Int>] = [:]
        for flag in parsed.occurrences where APIServerFlags.names.contains(flag.name) {
            for index in flag.arguments {
                let argument = arguments[index]
                guard let variable = argument.variable,
                    service.environment[variable]?.origin == file.path || isInherited(variable, service)
                else {
                    throw elsewhere(flag, arguments, command, service)
                }
                positions[variable, default: []].insert(argument.position)
                indices.append(index)
            }
        }
        return (indices, positions)
    }

    /// A flag that is not in the file, or not all of it, would stay behind and be passed twice.
    private func elsewhere(
        _ flag: EffectiveFlags.Occurrence, _ arguments: [Argument], _ command: ExecCommand,
        _ service: EffectiveService
    ) -> UnitError {
        let text = flag.arguments.map { arguments[$0].pattern.description }.joined(separator: " ")
        let variable = flag.arguments.compactMap { arguments[$0].variable }
            .first { service.environment[$0]?.origin != file.path }
        guard let variable else {
            let isWhole = flag.arguments.allSatisfy { arguments[$0].variable == nil }
            return UnitError(
                isWhole ? .doubled : .flagsInVariable, "merge", unit,
                cause: "the command in \(command.place) holds \(text) outside of $\(file.variable)"
                    + (isWhole ? "" : ", in part"),
                hint: "remove it from the command: \(file.path) holds it")
        }
        let origin: Message = service.environment[variable].map { " in \($0.origin)" } ?? ""
        return UnitError(
            .flagsInVariable, "merge", unit,
            cause: "--\(flag.name) of the command in \(command.place) comes from $\(variable)\(origin)",
            hint: "remove it from \(variable)\(origin): $\(file.variable) in \(file.path) holds it")
    }

    /// Variables of the file that hold one of our flags and nothing else, with the flag as it is wanted; empty where flags
    /// of ours are doubled, or stand beside other arguments.
    private func variablesOfOneFlag(
        _ arguments: [Argument], _ positions: [String: Set<Int>]
    ) -> [String: String] {
        let parsed = EffectiveFlags.parse(commandLine: arguments.map(\.pattern.description)).occurrences
        let found = parsed.filter { APIServerFlags.names.contains($0.name) }
        guard Set(found.map(\.name)).count == found.count else { return [:] }
        let wanted = EffectiveFlags.parse(arguments: flags.arguments).occurrences
        var each: [String: String] = [:]
        for name in positions.keys where name != file.variable {
            let all = arguments.indices.filter { arguments[$0].variable == name }
            guard let flag = found.first(where: { Array($0.arguments) == all }) else { return [:] }
            if let index = wanted.firstIndex(where: { $0.name == flag.name }) {
                each[name] = flags.arguments[index]
            }
        }
        return each
    }

    // MARK: - What came of it

    /// Reads the text again: the command has the arguments that were there, and ours once, and no other variable of the
    /// file has changed but for aggregation flags in it.
    private func check(
        _ text: String, _ before: [Argument], _ removed: [Int], _ command: ExecCommand
    ) throws(UnitError) {
        var files = environmentFiles
        files[file.path] = text
        let service = try EffectiveService(unit: unit, sources: base, environmentFiles: files)
        let after = try expand(command, service).arguments.map(\.pattern.description)
        let kept = before.indices.filter { !removed.contains($0) }.map { before[$0].pattern.description }
        let parsed = EffectiveFlags.parse(commandLine: after)
        let texts = before.map(\.pattern.description)
        let others = EnvironmentFileObstacle.others
        let own = parsed.occurrences.filter { APIServerFlags.names.contains($0.name) }.flatMap(\.arguments)
        let rest = after.indices.filter { !own.contains($0) }.map { after[$0] }
        guard others(.parse(commandLine: texts)) == others(parsed), Self.areSame(rest, kept),
            Self.areSame(own.map { after[$0] }.sorted(), flags.arguments.sorted())
        else { throw obstacle.cause(before, after, service, command) }
        let names = Set(before.compactMap(\.variable) + [file.variable])
        func untouched(_ text: String) -> [String] {
            EnvironmentFile.parse(text).variables.filter { !names.contains($0.name) }.map {
                "\($0.name)=\($0.value)"
            }
        }
        try RenderedUnit.require(
            Self.areSame(untouched(environmentFiles[file.path] ?? ""), untouched(text)), file.path)
    }

    private var obstacle: EnvironmentFileObstacle {
        EnvironmentFileObstacle(unit: unit, file: file, text: environmentFiles[file.path] ?? "")
    }

    private static func areSame(_ a: [String], _ b: [String]) -> Bool { a.bytes == b.bytes }
}
