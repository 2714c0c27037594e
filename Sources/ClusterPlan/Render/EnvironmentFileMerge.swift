// SPDX-License-Identifier: Apache-2.0

/// Writes the aggregation flags into one variable of a file that a unit reads, and checks what came of it.
///
/// Every other line of the file, and every other argument of the variable, stays byte for byte.
struct EnvironmentFileMerge {
    private let unit: String
    private let base: [UnitText]
    private let environmentFiles: [String: String]
    private let file: EnvironmentFileSpec
    private let flags: APIServerFlags

    init(
        unit: String, base: [UnitText], environmentFiles: [String: String], file: EnvironmentFileSpec,
        flags: APIServerFlags
    ) {
        self.unit = unit
        self.base = base
        self.environmentFiles = environmentFiles
        self.file = file
        self.flags = flags
    }

    func render() throws(UnitError) -> RenderedUnit {
        let service = try EffectiveService(sources: base, environmentFiles: environmentFiles)
        let command = try service.command(unit: unit)
        try checkUse(command)
        try checkFile(service)
        let unseen = try refuseOtherFlags(command, service)
        let old = environmentFiles[file.path] ?? ""
        let edit = try edited(old)
        try check(edit.text, kept: edit.kept)
        return RenderedUnit(
            path: file.path, text: edit.text, mode: .variable(file.variable), removed: edit.removed,
            unseen: unseen)
    }

    // MARK: - Whether the variable is what the command takes its arguments from

    private func checkUse(_ command: ExecCommand) throws(UnitError) {
        let embeds = command.words.contains { word in
            if case .embedded(let names) = word.expansion { return names.contains(file.variable) }
            return false
        }
        if embeds {
            throw UnitError(
                .doubled, "merge", unit,
                cause: "the command in \(command.place) uses ${\(file.variable)}, which systemd does not "
                    + "split into words",
                hint: "write it as a word of its own and without braces: $\(file.variable)")
        }
        let uses = command.words.count { $0.expansion == .split(file.variable) }
        guard uses == 1 else {
            throw UnitError(
                .doubled, "merge", unit,
                cause: "the command in \(command.place) uses $\(file.variable) \(uses) times",
                hint: "it has to be one word of the command, once; see apiServer.environmentFile.variable")
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
                .overridden, "merge", unit, cause: "UnsetEnvironment= takes $\(file.variable) away",
                hint: "use another variable, or apiServer.flagsIn auto")
        }
    }

    /// Flags elsewhere in the command would be passed twice.
    private func refuseOtherFlags(
        _ command: ExecCommand, _ service: EffectiveService
    ) throws(UnitError) -> [ServiceEnvironment.Unseen] {
        var others = service.environment
        others.assigned[file.variable] = nil
        others.loaded[file.variable] = nil
        let expansion = command.expand(environment: others)
        let scan = try AggregationFlagScan(command, expansion, others, unit: unit)
        guard scan.words.isEmpty else {
            throw UnitError(
                .doubled, "merge", unit,
                cause: "the command in \(command.place) holds " + scan.removed.joined(separator: " ")
                    + " outside of $\(file.variable)",
                hint: "take these flags out of it: \(file.path) is to hold them")
        }
        return expansion.unseen
    }

    // MARK: - The edit

    private struct Edit {
        var text: String
        /// The arguments of the variable that stay.
        var kept: [String]
        var removed: [String]
    }

    private func edited(_ old: String) throws(UnitError) -> Edit {
        let own = try UnitFileQuoting.variable(flags.arguments)
        let bytes = Array(old.utf8)
        guard let variable = EnvironmentFile.parse(old).variables.last(where: { $0.name == file.variable })
        else {
            let gap = old.isEmpty || bytes.last == UnitByte.newline ? "" : "\n"
            return Edit(text: "\(old)\(gap)\(file.variable)=\"\(own)\"\n", kept: [], removed: [])
        }
        let value = Array(variable.value.utf8)
        let words = Self.words(value)
        let texts = words.map { String(decoding: $0.value, as: UTF8.self) }
        let found = EffectiveFlags.parse(arguments: texts)
        if found.terminator != nil {
            throw UnitError(
                .wrapper, "edit", file.path, cause: "$\(file.variable) ends its options with --",
                hint: "take the -- out of it: no flag can follow it")
        }
        let flagged = Set(
            found.occurrences.filter { APIServerFlags.names.contains($0.name) }.flatMap(\.arguments))
        let kept = words.indices.filter { !flagged.contains($0) }
        let current = flagged.sorted().map { texts[$0] }
        let keptTexts = kept.map { texts[$0] }
        if current.bytes == flags.arguments.bytes, flagged.max() == words.indices.last {
            return Edit(text: old, kept: keptTexts, removed: [])
        }
        // The flags that go, with the blanks before them, are cut out where they stand; ours follow the last byte.
        var result = bytes
        if let end = kept.last.map({ variable.offsets[words[$0].range.upperBound - 1] + 1 }) {
            result.insert(contentsOf: Array((" " + own).utf8), at: end)
            for word in flagged.sorted(by: >) {
                let start = word == 0 ? words[0].range.lowerBound : words[word - 1].range.upperBound
                let from = variable.offsets[start]
                let to = variable.offsets[words[word].range.upperBound - 1] + 1
                let shift = from >= end ? own.utf8.count + 1 : 0
                result.removeSubrange((from + shift)..<(to + shift))
            }
        } else {
            result.replaceSubrange(variable.range, with: Array("\"\(own)\"".utf8))
        }
        return Edit(
            text: String(decoding: result, as: UTF8.self), kept: keptTexts, removed: current)
    }

    private static func words(_ value: [UInt8]) -> [UnitWord] {
        var reader = UnitWordReader(value, in: value.indices, escapes: .plain)
        var words: [UnitWord] = []
        while let word = try? reader.next() { words.append(word) }
        return words
    }

    /// Reads the text again: the variable has the arguments that were kept and ours, and nothing else has changed.
    private func check(_ text: String, kept: [String]) throws(UnitError) {
        let before = EnvironmentFile.parse(environmentFiles[file.path] ?? "").variables
        let after = EnvironmentFile.parse(text).variables
        let value = after.last { $0.name == file.variable }.map { Array($0.value.utf8) } ?? []
        let words = Self.words(value).map { String(decoding: $0.value, as: UTF8.self) }
        let wanted = kept + flags.arguments
        try RenderedUnit.require(
            words.bytes == wanted.bytes, file.path)
        func others(_ variables: [EnvironmentFile.Variable]) -> [[ByteText]] {
            variables.filter { $0.name != file.variable }.map { [$0.name.bytes, $0.value.bytes] }
        }
        try RenderedUnit.require(others(before) == others(after), file.path)
    }
}
