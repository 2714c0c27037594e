// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// Decides what is taken away from one node.
struct UninstallNodePlanner {
    /// Holds what the node is, and gathers refusals and notices.
    var base: NodePlanner
    let inventory: StateInventory
    private(set) var result: NodePlan
    private(set) var target: RollbackPlanner.Target?

    private var node: ObservedNode { base.node }
    private var unitName: String { base.unitName }

    init(base: NodePlanner, inventory: StateInventory) {
        (self.base, self.inventory) = (base, inventory)
        result = NodePlan(name: base.node.name, isLive: true)
    }

    mutating func plan() {
        result.finishesTransaction = node.transaction != nil
        base.checkTargets()
        do {
            try planFlags()
            try planRest()
        } catch {
            base.refuse(
                error.reportedCode, "\(error)", error.hint ?? "fix the unit, then run it again")
        }
        guard !result.isEmpty else {
            return base.notice("uninstall/nothing", "has nothing that aggbootstrap wrote")
        }
        result.heading = "take the aggregation layer away"
    }

    // MARK: - Flags

    /// Begins every drop-in that this program writes.
    private static let mark = Array("# Written by aggbootstrap, which ".utf8)

    private mutating func planFlags() throws(UnitError) {
        guard node.flags.kind == .regular, let content = node.flags.content else { return }
        switch base.target {
        case nil: return
        case .kept(let path): keep("the flags in \(path)", Self.notWritten)
        case .dropIn, .inertDropIn:
            guard content.starts(with: Self.mark) else { return keep(node.flags.path, Self.notWritten) }
            result.files.append(removal(of: node.flags, showsContent: true))
            result.removesDirectories.append(node.flags.path.splitPath.directory)
        case .unit:
            let text = try UnitText(path: node.flags.path, bytes: content)
            guard RenderedUnit.isWholeUnit(text, of: unitName) else {
                return keep(node.flags.path, Self.notWritten)
            }
            let rendered = try RenderedUnit.service(
                unit: unitName, executable: base.spec.apiServer.executable,
                arguments: (base.spec.apiServer.flags ?? []) + base.nodeSpec.flags, flags: .none)
            replace(Array(rendered.text.utf8), contextLines: 3)
        case .environmentFile(let file): try planVariable(file, content)
        }
    }

    private static let notWritten: Message = "aggbootstrap did not write it"

    /// Only where what the command gets is what the spec says: any other flags there are not ours.
    private mutating func planVariable(_ file: EnvironmentFileSpec, _ content: [UInt8]) throws(UnitError) {
        guard let unit = node.unit, let text = unit.environmentFiles[file.path] else { return }
        let service = try EffectiveService(
            unit: unitName, sources: UnitSources.current(node, unit: unitName),
            environmentFiles: unit.environmentFiles)
        let arguments = service.arguments(of: try service.command(unit: unitName))
        guard APIServerFlags(spec: base.spec).areExactlyIn(arguments) else {
            if EffectiveFlags.parse(commandLine: arguments).has("proxy-client-cert-file") {
                keep("the flags in \(file.path)", "they are not those of the spec")
            }
            return
        }
        let edited = EnvironmentFile.withoutAggregationFlags(text)
        replace(
            try KeptBytes.applied(
                Array(edited.utf8), readFrom: Array(text.utf8), to: content, path: file.path),
            contextLines: 0)
    }

    private mutating func replace(_ bytes: [UInt8], contextLines: Int) {
        guard bytes != node.flags.content else { return }
        result.files.append(
            FileChange(
                path: node.flags.path, action: .replace, content: .text(bytes), before: node.flags,
                mode: node.flags.mode, ownerIDs: [node.flags.userID, node.flags.groupID],
                contextLines: contextLines))
    }

    private func removal(of file: ObservedFile, showsContent: Bool = false) -> FileChange {
        var before = file
        if !showsContent { before.content = nil }
        return FileChange(
            path: file.path, action: .remove, content: .nothing, before: before, mode: file.mode,
            ownerIDs: nil)
    }

    private mutating func keep(_ what: String, _ why: Message) {
        base.notice("uninstall/kept", "\(what) stays: \(why)")
    }

    // MARK: - Certificates, reload and restart

    private mutating func planRest() throws(UnitError) {
        let sources = try UnitSources.after(result.files, on: node, unit: unitName)
        guard let unit = node.unit, !sources.isEmpty else {
            planFiles(named: [])
            return aim(nil)
        }
        result.daemonReload = result.files.contains {
            UnitSources.isUnitFile($0.path, unit: unitName)
        }
        let service = try EffectiveService(
            unit: unitName, sources: sources,
            environmentFiles: UnitSources.environmentFiles(result.files, on: node))
        let command = try service.command(unit: unitName)
        let flags = EffectiveFlags.parse(commandLine: service.arguments(of: command))
        checkWhatComesBack(flags, command)
        planFiles(named: Set(flags.occurrences.compactMap { $0.value?.bytes }))
        aim(flags)
        result.mayHideReadiness =
            !flags.has("proxy-client-cert-file") && node.apiServer?.showsWithoutPair != true
        guard let live = unit.live else { return }
        try planActivation(unit, live, service, command)
    }

    /// Flags that the unit has by itself, with other files, had no effect beside our drop-in; the CA that they name may have been replaced since.
    private mutating func checkWhatComesBack(_ flags: EffectiveFlags, _ command: ExecCommand) {
        guard result.files.contains(where: { $0.path == node.flags.path }) else { return }
        // Those that it names at the paths of the spec stay.
        let own = [
            ("requestheader-client-ca-file", node.ca), ("proxy-client-cert-file", node.certificate),
            ("proxy-client-key-file", node.key),
        ]
        let other = own.first { name, file in
            (flags.string(name)?.bytes ?? file.path.bytes) != file.path.bytes
        }
        guard let name = other?.0 else { return }
        base.refuse(
            "uninstall/other-flags",
            "\(unitName) has --\(name)=\(flags.string(name) ?? "") by itself, in \(command.place), and would run with it again",
            "remove the flags of the aggregation layer from that file first, then run it again")
    }

    /// Each file that the state knows, and that the unit does not name by itself.
    private mutating func planFiles(named: Set<ByteText>) {
        for (file, isOurs) in [(node.ca, ownsCA), (node.certificate, ownsCertificate), (node.key, ownsKey)]
        where file.kind == .regular {
            if named.contains(file.path.bytes) {
                keep(file.path, "\(unitName) names it without aggbootstrap's flags too")
            } else if isOurs {
                result.files.append(removal(of: file))
            } else {
                keep(file.path, "this state directory did not issue it")
            }
        }
        result.removesDirectories.append(node.directory.path)
    }

    private var ownsCA: Bool {
        let known = Set(inventory.generations.map(\.certificate.fingerprintSHA256))
        let held = node.requestHeaderCAs.first { $0.path.bytes == node.ca.path.bytes }
        guard let held, held.problem == nil, !held.certificates.isEmpty else { return false }
        return held.certificates.allSatisfy { known.contains($0.fingerprintSHA256) }
    }

    private var ownsCertificate: Bool {
        guard let leaf = node.installedLeaf else { return false }
        return inventory.issuedLeaves?.contains(leaf.fingerprintSHA256) == true
            || stored.contains {
                $0.certificate.fingerprintSHA256 == leaf.fingerprintSHA256
            }
    }

    private var ownsKey: Bool { stored.contains { $0.keySHA256 == node.key.sha256 } }

    private var stored: [IssuedLeaf] {
        Array(inventory.leaves.values) + inventory.earlierLeaves.values.joined()
    }

    private mutating func planActivation(
        _ unit: ObservedUnit, _ live: LiveUnit, _ service: EffectiveService, _ command: ExecCommand
    ) throws(UnitError) {
        let dropIn = UnitPaths.dropIn(of: unitName)
        let staysThere = try UnitSources.after(result.files, on: node, unit: unitName).contains {
            $0.path == dropIn
        }
        let isLoaded =
            command.matchesBus(argv: live.loadedArguments).isSame
            && live.loadedDropIns.contains(dropIn) == staysThere
        if !isLoaded { result.daemonReload = true }
        switch live.activity {
        case .stopped: result.restart = node.restartOfStopped(changesFiles: !result.files.isEmpty)
        case .failing:
            guard result.daemonReload || !result.files.isEmpty || base.isOurInterruption else { break }
            result.restart = .needed("it is \(live.stateText) now and may start without the flags")
        case .running:
            guard let running = live.runningArguments else { break }
            let comparison = command.matchesRunning(argv: running, environment: service.environment)
            let changesFlags = result.files.contains { $0.path == node.flags.path }
            let isDifferent = !comparison.isSame && !comparison.unseen.contains(where: \.mayHoldArguments)
            guard changesFlags || isDifferent else { break }
            result.restart = .needed("it runs with the flags of the aggregation layer")
            try base.checkPending(unit, live)
            checkBase(command, service, running)
            base.checkReadiness()
        }
    }

    /// Edits of the unit that had no effect while our drop-in replaced its command would get it with the restart.
    private mutating func checkBase(
        _ command: ExecCommand, _ service: EffectiveService, _ running: [String]
    ) {
        guard !base.isOurInterruption, base.refusals.allSatisfy({ $0.code != "plan/pending-changes" }) else {
            return
        }
        let comparison = command.matchesRunning(
            argv: running, environment: service.environment, scope: .withoutAggregationFlags)
        guard !comparison.isSame else { return }
        let text: Message =
            "\(unitName) was edited while the drop-in replaced its command, and the restart would activate the edit: its command "
            + "line " + NodePlanner.words(comparison.differences).joined(separator: "; ")
        if base.options.includesPending { return base.notice("plan/pending-changes", text) }
        base.refuse(
            "plan/pending-changes", text,
            "look at the changes; undo them first, or run it again with --include-pending")
    }

    /// Writes down what the node must be without.
    private mutating func aim(_ flags: EffectiveFlags?) {
        let gone = result.files.filter { $0.action == .remove }.map {
            PreviousFiles.Entry(path: $0.path, now: $0.before, before: nil)
        }
        target = RollbackPlanner.Target(
            node: node.name, entries: gone, flags: flags, changesPair: false, isRemoval: true)
    }
}
