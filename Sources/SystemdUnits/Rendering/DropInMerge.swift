// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// Renders the drop-in for a unit that is known, and checks what came of it.
struct DropInMerge {
    private let unit: String
    private let base: [UnitText]
    private let environmentFiles: [String: String]
    private let flags: APIServerFlags
    private let service: EffectiveService
    private let command: ExecCommand
    /// nil for a command without a shell.
    private let shell: ShellCommand?
    private let path: String

    init(
        unit: String, base: [UnitText], environmentFiles: [String: String], flags: APIServerFlags
    ) throws(UnitError) {
        self.unit = unit
        self.base = base
        self.environmentFiles = environmentFiles
        self.flags = flags
        path = UnitPaths.dropIn(of: unit)
        service = try EffectiveService(unit: unit, sources: base, environmentFiles: environmentFiles)
        command = try service.command(unit: unit)
        shell = ShellCommand(command)
    }

    /// Whether the command already takes the flags from the variable.
    var usesVariable: Bool { uses > 0 || embeds }

    private var uses: Int {
        if let shell { return shell.uses(APIServerFlags.variable) }
        return command.words.count { $0.expansion == .split(APIServerFlags.variable) }
    }

    private var embeds: Bool {
        command.words.indices.contains { index in
            let word = command.words[index]
            if index == shell?.index { return false }
            if case .embedded(let names) = word.expansion { return names.contains(APIServerFlags.variable) }
            return false
        }
    }

    /// A drop-in with the whole command.
    func frozen(digests: [String]) throws(UnitError) -> RenderedUnit {
        let expansion = command.expand(environment: service.environment)
        let scan = try AggregationFlagScan(command, expansion, service.environment, unit: unit)
        guard let assignment = service.execStart.last,
            let index = base.lastIndex(where: { $0.path == assignment.path })
        else { throw UnitError(.noCommand, "merge", unit, cause: "no ExecStart= is in effect") }
        try refuseLaterCommand()
        try refuseOpenEnd(assignment)
        let merged = try CommandMerge(command, removing: scan.words, flags: flags.arguments)
        let text = try UnitTemplate.dropIn(
            base: assignment.path, digest: digests[index], command: merged.text)

        let after = try effective(with: text)
        let kept = command.words.indices.filter { !scan.words.contains($0) }.map { command.words[$0] }
        let wanted =
            expansion.arguments.filter { !scan.words.contains($0.word) }.map(\.pattern)
            + flags.patterns
        try checkWords(after.command, kept)
        let result = after.command.expand(environment: after.service.environment)
        try RenderedUnit.require(result.arguments.map(\.pattern).areIdentical(to: wanted), path)
        try checkFixedPoint(after, merged.text)
        return RenderedUnit(
            path: path, text: text, mode: .frozen(basePath: assignment.path), removed: scan.removed,
            unseen: expansion.unseenFlags)
    }

    /// A drop-in with the variable alone.
    func environmentOnly() throws(UnitError) -> RenderedUnit {
        try refuseVariableUse()
        var others = service.environment
        others.assigned[APIServerFlags.variable] = nil
        let expansion = command.expand(environment: others)
        let removed: [String]
        if let shell {
            removed = try shell.ownFlags(others, command, unit)
        } else {
            removed = try AggregationFlagScan(command, expansion, others, unit: unit).removed
        }
        guard removed.isEmpty else {
            throw UnitError(
                .doubled, "merge", unit,
                cause: "the command in \(command.place) uses $\(APIServerFlags.variable) and also holds "
                    + removed.joined(separator: " "),
                hint: "remove these flags from the command: the variable sets them")
        }
        if shell != nil { try ShellCommand.refuseUnsafe(flags.arguments) }
        let text = try UnitTemplate.environment(flags: flags.arguments)
        let after = try effective(with: text)
        let variable = after.service.environment[APIServerFlags.variable]
        guard variable?.origin.hasPrefix("\(path):") == true else {
            throw overridden("\(variable?.origin ?? "UnsetEnvironment=") sets $\(APIServerFlags.variable)")
        }
        try RenderedUnit.require(CommandExpansion.split(variable).areIdentical(to: flags.patterns), path)
        try RenderedUnit.require(after.command == command, path)
        return RenderedUnit(
            path: path, text: text, mode: .environmentOnly, removed: [], unseen: expansion.unseenFlags)
    }

    private func refuseVariableUse() throws(UnitError) {
        let name = APIServerFlags.variable
        guard !embeds else {
            throw UnitError(
                .doubled, "merge", unit,
                cause:
                    "the command in \(command.place) uses ${\(name)}, which systemd does not split into words",
                hint: "write it as a word of its own and without braces: $\(name)")
        }
        guard uses == 1 else {
            throw UnitError(
                .doubled, "merge", unit, cause: "the command in \(command.place) uses $\(name) \(uses) times",
                hint: "use it once: list flags add up")
        }
        if let value = service.environment.loaded[name] {
            throw overridden("the environment file \(value.origin) sets $\(name)")
        }
        if service.environment.isUnset(name) { throw overridden("UnsetEnvironment= removes $\(name)") }
    }

    /// A backslash with a blank behind it is an argument of its own, and would take the blank before ours.
    private func refuseOpenEnd(_ assignment: UnitAssignment) throws(UnitError) {
        guard let last = command.words.last,
            !last.raw.utf8.reversed().prefix(while: { $0 == UnitByte.backslash }).count.isMultiple(of: 2)
        else { return }
        let breaks = assignment.rawValue.utf8.count { $0 == UnitByte.newline }
        throw UnitError(
            .badSyntax, "merge", assignment.path, line: assignment.lineNumber + breaks,
            cause: "the line ends with a backslash and a blank, or with a backslash and no next line",
            hint: "remove the backslash and the blank")
    }

    /// A drop-in that sorts behind ours would put its own command in place of ours.
    private func refuseLaterCommand() throws(UnitError) {
        for source in base[position...] {
            let assignments = try UnitFile.parse(source).assignments
            if let later = assignments.first(where: { $0.section == "Service" && $0.key == "ExecStart" }) {
                throw overridden("\(later.place) sets ExecStart=")
            }
        }
    }

    private func overridden(_ cause: Message) -> UnitError {
        UnitError(
            .overridden, "merge", unit, cause: "\(cause), which overrides \(UnitPaths.dropInName)",
            hint:
                "remove it there; a drop-in that sets ExecStart= may sort before \(UnitPaths.dropInName)"
        )
    }

    /// Where systemd would put our drop-in: the fragment is first, drop-ins are sorted by file name.
    private var position: Int {
        let name = UnitPaths.dropInName.utf8
        let later = base.indices.dropFirst().first { name.lexicographicallyPrecedes(base[$0].fileName.utf8) }
        return later ?? base.endIndex
    }

    private func effective(with text: String) throws(UnitError) -> (
        service: EffectiveService, command: ExecCommand
    ) {
        var sources = base
        sources.insert(UnitText(path: path, text: text), at: position)
        let service = try EffectiveService(unit: unit, sources: sources, environmentFiles: environmentFiles)
        return (service, try service.command(unit: unit))
    }

    /// The words that stay must be the same in text and meaning, and so must the prefix.
    private func checkWords(_ after: ExecCommand, _ kept: [ExecCommand.Word]) throws(UnitError) {
        let isSame = after.words.count == kept.count + flags.arguments.count
        let same = zip(after.words, kept).allSatisfy { a, b in
            a.raw.utf8.elementsEqual(b.raw.utf8) && a.value.utf8.elementsEqual(b.value.utf8)
                && a.expansion == b.expansion
        }
        try RenderedUnit.require(isSame && same && after.prefix == command.prefix, path)
    }

    /// Merging into what was rendered must change nothing.
    private func checkFixedPoint(
        _ after: (service: EffectiveService, command: ExecCommand), _ text: String
    ) throws(UnitError) {
        let expansion = after.command.expand(environment: after.service.environment)
        let scan = try AggregationFlagScan(after.command, expansion, after.service.environment, unit: unit)
        let again = try CommandMerge(after.command, removing: scan.words, flags: flags.arguments)
        let isSame = again.text.utf8.elementsEqual(text.utf8) && scan.words.count == flags.arguments.count
        try RenderedUnit.require(isSame, path)
    }
}

extension APIServerFlags {
    /// The arguments as a reader of the rendered text must find them.
    var patterns: [ArgumentPattern] { arguments.map { ArgumentPattern(text: $0) } }
}

extension [ArgumentPattern] {
    /// Whether they are the same byte for byte; `==` of strings takes composed and decomposed letters as one.
    func areIdentical(to others: [ArgumentPattern]) -> Bool {
        elementsEqual(others) { a, b in
            a.pieces.elementsEqual(b.pieces) { a, b in
                switch (a, b) {
                case (.text(let a), .text(let b)): a.utf8.elementsEqual(b.utf8)
                default: a == b
                }
            }
        }
    }
}
