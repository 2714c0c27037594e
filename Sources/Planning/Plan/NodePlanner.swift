// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// Decides what must change on one node.
struct NodePlanner {
    let spec: ClusterSpec
    let nodeSpec: NodeSpec
    let node: ObservedNode
    let options: Planner.Options
    var refusals: [Refusal] = []
    var notices: [Notice] = []
    private(set) var result: NodePlan

    init(spec: ClusterSpec, nodeSpec: NodeSpec, node: ObservedNode, options: Planner.Options) {
        self.spec = spec
        self.nodeSpec = nodeSpec
        self.node = node
        self.options = options
        result = NodePlan(name: node.name, isLive: node.access == .live)
    }

    var unitName: String { spec.apiServer.unit }

    /// Where the flags go; nil where there is no such place.
    var target: FlagsTarget? { FlagsTarget.resolve(spec, unit: node.unit, access: node.access) }

    /// Whether the unit's own command has the flags already.
    var isKept: Bool {
        if case .kept = target { return true }
        return false
    }

    mutating func plan(certificates: [FileChange]) {
        result.finishesTransaction = node.transaction != nil
        checkClock()
        checkTargets()
        checkRoles()
        checkSharedKey()
        result.makesDirectory = node.directory.kind == .absent
        result.files = certificates
        if spec.apiServer.isExternal {
            planExternal()
            return noteProxy()
        }
        do {
            if options.scope == .certificates, node.transaction == nil {
                try planReading()
            } else {
                try planFlags()
            }
        } catch {
            refuse(
                error.reportedCode, "\(error)",
                error.hint ?? "fix the unit, or write the flags another way with apiServer.flagsIn")
        }
        noteProxy()
    }

    // MARK: - Flags, reload, restart

    private mutating func planFlags() throws(UnitError) {
        // With flags that reach nothing there is nothing to write, and what a text would be is no news.
        guard checkCommand() else { return }
        if isKept { return try planActivation(nil, unitChanges: false) }
        guard let rendered = try render() else { return }
        let bytes = try bytes(of: rendered)
        let isCurrent = node.flags.kind == .regular && node.flags.content == bytes
        // An environment file is the operator's, who may have closed it to others.
        let keeps = isVariable(rendered) && node.flags.kind == .regular
        let given = isVariable(rendered) ? node.unit?.givenFiles[rendered.path] : nil
        let mode = keeps ? node.flags.mode : given?.mode ?? 0o644
        let root: [UInt32]? =
            keeps
            ? [node.flags.userID, node.flags.groupID] : node.access == .offline ? nil : [0, 0]
        let ownerIsRight = root.map { [node.flags.userID, node.flags.groupID] == $0 } ?? true
        if !isCurrent || node.flags.mode != mode || !ownerIsRight {
            result.files.append(
                FileChange(
                    path: rendered.path,
                    action: isCurrent ? .setMetadata : node.flags.kind == .absent ? .create : .replace,
                    content: .text(bytes), before: before(given), mode: mode, ownerIDs: root,
                    // Other lines of an environment file may hold what nobody else is to see.
                    contextLines: isVariable(rendered) ? 0 : 3))
        }
        noteFreeze(rendered, isNew: !isCurrent)
        // A whole unit is made of the spec alone.
        if rendered.path != UnitPaths.unit(unitName) { try checkRouting() }
        try checkOverridden(rendered)
        try planActivation(rendered, unitChanges: !isCurrent)
    }

    /// What an environment file holds beside its assignments stays byte for byte.
    private func bytes(of rendered: RenderedUnit) throws(UnitError) -> [UInt8] {
        let text = Array(rendered.text.utf8)
        guard isVariable(rendered), let original = node.flags.content,
            let read = node.unit?.environmentFiles[rendered.path]
        else { return text }
        return try KeptBytes.applied(
            text, readFrom: Array(read.utf8), to: original, path: rendered.path)
    }

    private mutating func render() throws(UnitError) -> RenderedUnit? {
        let flags = APIServerFlags(spec: spec)
        switch target {
        case nil:
            refuse(
                "plan/no-unit", "this node has no unit \(unitName)",
                "set apiServer.unit to the unit that runs kube-apiserver, or give apiServer.flags to have a whole unit written"
            )
            return nil
        case .environmentFile(let file):
            guard let unit = node.unit else {
                refuse(
                    "plan/no-unit", "this node has no unit \(unitName) that could read \(file.path)",
                    "set apiServer.unit to the unit that runs kube-apiserver, or give its file with --base-unit"
                )
                return nil
            }
            return try RenderedUnit.environmentFile(
                unit: unitName, base: unit.base, environmentFiles: unit.environmentFiles, file: file,
                flags: flags)
        case .inertDropIn:
            let existing = String(decoding: node.flags.content ?? [], as: UTF8.self)
            if existing.contains("\nExecStart=") {
                refuse(
                    "plan/base-unit-missing",
                    "\(node.flags.path) was merged from a base unit, and no base unit is given now",
                    "give the same --base-unit FILE again")
                return nil
            }
            notice(
                "plan/inert",
                "\(unitName) is not known, so the drop-in only sets $AGGREGATION_FLAGS: it does nothing until the unit's "
                    + "ExecStart= uses $AGGREGATION_FLAGS, or until init runs with --base-unit FILE")
            return try RenderedUnit.environmentOnly(unit: unitName, flags: flags)
        case .unit:
            return try RenderedUnit.service(
                unit: unitName, executable: spec.apiServer.executable,
                arguments: (spec.apiServer.flags ?? []) + nodeSpec.flags, flags: flags)
        case .kept: return nil
        case .dropIn:
            guard let unit = node.unit else { return nil }
            return try RenderedUnit.dropIn(
                unit: unitName, base: unit.base, baseDigests: unit.baseDigests,
                environmentFiles: unit.environmentFiles, flags: flags)
        }
    }

    private func isVariable(_ rendered: RenderedUnit) -> Bool {
        if case .variable = rendered.mode { return true }
        return false
    }

    /// What the difference is shown against: of a file that was given, that one.
    private func before(_ given: GivenFile?) -> ObservedFile {
        var before = node.flags
        if before.kind == .absent, let given { before.content = Array(given.text.utf8) }
        return before
    }

    private mutating func noteFreeze(_ rendered: RenderedUnit, isNew: Bool) {
        guard isNew, case .frozen(let path) = rendered.mode else { return }
        notice(
            "plan/freezes",
            "the drop-in overrides ExecStart= of \(path): edits there have no effect until the next init")
    }

    /// What it takes for the API server to read changed certificate files, with flags and unit as they are.
    private mutating func planReading() throws(UnitError) {
        guard let unit = node.unit, let live = unit.live else { return }
        if live.activity == .stopped, !result.files.isEmpty { result.restart = .leftStopped }
        if live.activity == .running, live.runningArguments != nil, let reason = rereadReason {
            result.restart = .needed(reason)
            try checkPending(unit, live)
            checkReadiness()
        }
        checkLeafName(live)
    }

    /// - Parameter rendered: nil where the unit stays as it is.
    private mutating func planActivation(_ rendered: RenderedUnit?, unitChanges: Bool) throws(UnitError) {
        guard node.access == .live else { return }
        let live = node.unit?.live
        let interrupted = isOurInterruption
        result.daemonReload = unitChanges && !(rendered.map(isVariable) ?? false)
        guard let unit = node.unit, let live else {
            if unitChanges {
                notice(
                    "plan/not-started",
                    "\(unitName) is not started: run systemctl enable --now \(unitName)")
            }
            return
        }
        let sources = finalSources(unit, rendered)
        let service = try EffectiveService(
            unit: unitName, sources: sources, environmentFiles: finalEnvironmentFiles(unit, rendered))
        let command = try service.command(unit: unitName)
        // systemd does not always notice by itself: not a drop-in directory that is new since it last looked.
        let isLoaded =
            command.matchesBus(argv: live.loadedArguments).isSame
            && (rendered?.path != UnitPaths.dropIn(of: unitName)
                || live.loadedDropIns.contains(UnitPaths.dropIn(of: unitName)))
        if !isLoaded || interrupted && live.needDaemonReload { result.daemonReload = true }
        switch live.activity {
        case .stopped:
            result.restart = node.restartOfStopped(changesFiles: !result.files.isEmpty)
        case .failing:
            let hasCause = result.daemonReload || !result.files.isEmpty || interrupted
            if hasCause {
                result.restart = .needed("it is \(live.stateText) now and may start with the new files")
            } else {
                notice(
                    "plan/unit-failing", "\(unitName) is \(live.stateText), and this plan does not fix that")
            }
        case .running:
            guard let running = live.runningArguments else { break }
            guard let reason = restartReason(command, service, running) ?? rereadReason else { break }
            result.restart = .needed(reason)
            try checkPending(unit, live)
            checkReadiness()
        }
        checkLeafName(live)
    }

    /// Why the running process is not what the files would start; nil where it is.
    private func restartReason(_ command: ExecCommand, _ service: EffectiveService, _ running: [String])
        -> Message?
    {
        guard hasFlags(running) else { return "it runs without the wanted flags" }
        let others = command.matchesRunning(
            argv: running, environment: service.environment, scope: .withoutAggregationFlags)
        // A variable out of a file that could not be read would look like a difference at every run.
        guard !others.isSame, !others.unseen.contains(where: \.mayHoldArguments) else { return nil }
        return "its command line changes: it " + Self.words(others.differences).joined(separator: ", ")
    }

    /// Flags that the operator wrote count by what they mean.
    private func hasFlags(_ running: [String]) -> Bool {
        let wanted = APIServerFlags(spec: spec)
        guard isKept else { return wanted.areExactlyIn(running) }
        return wanted.differences(
            from: EffectiveFlags.parse(commandLine: running), decidesRouting: spec.apiServer.decidesRouting
        ).isEmpty
    }

    /// Why changed certificate files alone need a restart; nil where the API server reloads them by itself.
    var rereadReason: Message? {
        let version = node.apiServer?.version ?? spec.kubernetesVersion
        guard let version, version < KubernetesVersion.rereadsCertificates else { return nil }
        let paths = [node.ca.path, node.certificate.path, node.key.path]
        guard result.files.contains(where: { paths.contains($0.path) && $0.action != .setMetadata }) else {
            return nil
        }
        return "kube-apiserver \(version) reads its certificates only when it starts"
    }

    /// What the files would change of the running command line.
    static func words(_ differences: [CommandComparison.Difference]) -> [Message] {
        differences.map { difference in
            switch difference {
            case .missing(let argument): "gets \(argument)"
            case .added(let argument): "loses \(argument)"
            }
        }
    }

    /// The unit's files as they would be after the change.
    func finalSources(_ unit: ObservedUnit, _ rendered: RenderedUnit?) -> [UnitText] {
        guard let rendered, !isVariable(rendered) else { return unit.base }
        let text = UnitText(path: rendered.path, text: rendered.text)
        return rendered.path == UnitPaths.unit(unitName)
            ? [text] + unit.base.dropFirst() : unit.base + [text]
    }

    /// The unit's environment files as they would be after the change.
    func finalEnvironmentFiles(_ unit: ObservedUnit, _ rendered: RenderedUnit?) -> [String: String] {
        var files = unit.environmentFiles
        if let rendered, isVariable(rendered) { files[rendered.path] = rendered.text }
        return files
    }

    /// Whether the unit's files are as they were when a killed run of ours began, so that what is not loaded is ours.
    var isOurInterruption: Bool {
        guard let transaction = node.transaction, let unit = node.unit else { return false }
        return transaction.baseDigests == unit.digests(without: node.flags.path)
    }
}
