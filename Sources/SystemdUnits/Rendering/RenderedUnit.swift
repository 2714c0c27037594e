// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// A unit file or drop-in that is ready to be written, read back and compared with what was wanted.
package struct RenderedUnit: Sendable, Equatable {
    package enum Mode: Sendable, Equatable {
        /// The drop-in replaces the command of that file: edits of it wait for the next `init`.
        case frozen(basePath: String)
        /// The drop-in only sets `$AGGREGATION_FLAGS`.
        case environmentOnly
        /// The file is the whole unit.
        case wholeUnit
        /// The file is an environment file of the unit, in which this variable holds the flags.
        case variable(String)
    }

    /// Absolute path on the node.
    package let path: String
    package let text: String
    package let mode: Mode
    /// The flags that were replaced, as they stood in the base.
    package let removed: [String]
    /// Where variables of the command might come from that was not given: aggregation flags in them were not
    /// seen. An optional file that does not exist is harmless; anything else is for the caller to judge.
    package let unseen: [ServiceEnvironment.Unseen]

    /// Begins a whole unit that this program has written; earlier versions went on with other words.
    private static let wholeUnitMark = "# Written by aggbootstrap, which "

    /// Whether a file is the whole unit that this program writes for `unit`.
    package static func isWholeUnit(_ text: UnitText, of unit: String) -> Bool {
        text.path == UnitPaths.unit(unit) && text.text.utf8.starts(with: wholeUnitMark.utf8)
    }

    /// The drop-in that gives the flags to an existing unit.
    ///
    /// - Parameters:
    ///   - base: the fragment, then its drop-ins in systemd's order, without the one that is rendered.
    ///   - baseDigests: SHA-256 of each of `base`, in hexadecimal.
    ///   - environmentFiles: text by path, for each `EnvironmentFile=` that exists.
    /// - Throws: `UnitError` where the unit cannot be read or the flags cannot be merged surely.
    package static func dropIn(
        unit: String, base: [UnitText], baseDigests: [String], environmentFiles: [String: String],
        flags: APIServerFlags
    ) throws(UnitError) -> RenderedUnit {
        try checkUnitName(unit)
        guard base.count == baseDigests.count, !base.contains(where: { $0.fileName == UnitPaths.dropInName })
        else {
            throw UnitError(
                .overridden, "merge", unit,
                cause: "another \(UnitPaths.dropInName) is among the files of the unit",
                hint: "\(UnitPaths.dropIn(of: unit)) would hide it: remove or rename it")
        }
        let merge = try DropInMerge(unit: unit, base: base, environmentFiles: environmentFiles, flags: flags)
        return try merge.usesVariable ? merge.environmentOnly() : merge.frozen(digests: baseDigests)
    }

    /// An environment file of the unit with the flags in one of its variables.
    ///
    /// - Parameters: as for `dropIn`; `base` holds our own drop-in too, where there is one.
    /// - Throws: `UnitError` where the unit does not take its arguments from that variable, or takes aggregation flags
    ///   from elsewhere too.
    package static func environmentFile(
        unit: String, base: [UnitText], environmentFiles: [String: String], file: EnvironmentFileSpec,
        flags: APIServerFlags
    ) throws(UnitError) -> RenderedUnit {
        try EnvironmentFileMerge(
            unit: unit, base: base, environmentFiles: environmentFiles, file: file, flags: flags
        ).render()
    }

    /// The drop-in that only sets `$AGGREGATION_FLAGS`, for a unit that is not known: without effect until the
    /// unit's `ExecStart=` uses that variable as a word.
    package static func environmentOnly(unit: String, flags: APIServerFlags) throws(UnitError) -> RenderedUnit
    {
        try checkUnitName(unit)
        let path = UnitPaths.dropIn(of: unit)
        let text = try UnitTemplate.environment(flags: flags.arguments)
        let service = try EffectiveService(unit: unit, sources: [UnitText(path: path, text: text)])
        let words = CommandExpansion.split(service.environment[APIServerFlags.variable])
        try require(service.execStart.isEmpty && words.areIdentical(to: flags.patterns), path)
        return RenderedUnit(path: path, text: text, mode: .environmentOnly, removed: [], unseen: [])
    }

    /// A whole unit.
    ///
    /// - Parameters:
    ///   - executable: absolute path of kube-apiserver.
    ///   - arguments: its arguments other than the aggregation flags, as it is to get them.
    package static func service(
        unit: String, executable: String, arguments: [String], flags: APIServerFlags
    ) throws(UnitError) -> RenderedUnit {
        try checkUnitName(unit)
        let given = EffectiveFlags.parse(arguments: arguments)
        if let own = given.occurrences.first(where: { APIServerFlags.names.contains($0.name) }) {
            throw UnitError(
                .doubled, "write", unit, cause: "the arguments already hold --\(own.name)",
                hint: "remove it from apiServer.flags and nodes[].flags: the spec's own values set it")
        }
        guard given.terminator == nil else {
            throw UnitError(.wrapper, "write", unit, cause: "the arguments end their options with --")
        }
        let wanted = arguments + flags.arguments
        let text = try UnitTemplate.service(executable: executable, arguments: wanted)
        let path = UnitPaths.unit(unit)
        let service = try EffectiveService(unit: unit, sources: [UnitText(path: path, text: text)])
        let command = try service.command(unit: unit)
        let expansion = command.expand(environment: service.environment)
        let patterns = ([executable] + wanted).map { ArgumentPattern(text: $0) }
        let isSame = expansion.arguments.map(\.pattern).areIdentical(to: patterns)
        let isMarked = isWholeUnit(UnitText(path: path, text: text), of: unit)
        try require(isSame && isMarked && command.prefix.isEmpty && service.type?.value == "notify", path)
        return RenderedUnit(path: path, text: text, mode: .wholeUnit, removed: [], unseen: [])
    }

    /// Stops text that does not read back as wanted from being used.
    static func require(_ condition: Bool, _ path: String) throws(UnitError) {
        if condition { return }
        throw UnitError(
            .inconsistent, "render", path, cause: "the rendered text does not read back as what was meant",
            hint: "this is a bug in aggbootstrap; nothing was written: please report it with the unit's files"
        )
    }

    private static func checkUnitName(_ unit: String) throws(UnitError) {
        let isSafe = unit.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/\"'\\".utf8.contains($0) }
        guard isSafe, unit.hasSuffix(".service"), unit.utf8.count > ".service".utf8.count else {
            throw UnitError(.unsafeValue, "write", unit, cause: "it is not the name of a service unit")
        }
    }
}
