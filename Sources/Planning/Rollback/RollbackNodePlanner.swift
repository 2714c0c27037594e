// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// Decides how one node gets back what its last change replaced.
struct RollbackNodePlanner {
    /// Holds what the node is, and gathers refusals and notices.
    var base: NodePlanner
    let inventory: StateInventory
    let direction: ChangeCause
    private(set) var result: NodePlan
    private(set) var target: RollbackPlanner.Target?

    private var node: ObservedNode { base.node }
    private var unitName: String { base.unitName }

    init(base: NodePlanner, inventory: StateInventory, direction: ChangeCause) {
        self.base = base
        self.inventory = inventory
        self.direction = direction
        result = NodePlan(name: base.node.name, isLive: true)
    }

    mutating func plan() {
        guard let previous = due() else { return }
        base.refusals += ForeignCA.refusals(
            node, inventory: inventory, unit: base.spec.apiServer.unit)
        base.checkTargets()
        for entry in previous.entries { check(entry) }
        result.files = previous.entries.compactMap {
            $0.change(isUnitFile: UnitSources.isUnitFile($0.path, unit: unitName))
        }
        if previous.entries.contains(where: { $0.before == nil }) {
            result.removesDirectories = previous.madeDirectories
        }
        do { try planActivation(previous) } catch {
            base.refuse(
                error.reportedCode, "\(error)", error.hint ?? "fix the unit, then run it again")
        }
        guard !result.isEmpty else {
            return base.notice("rollback/same", "has its previous files already")
        }
        let word: Message = direction == .back ? "the change" : "the rollback"
        result.heading = "restore the files from before \(word) of \(previous.startedAt)"
    }

    /// What the node is to go back to; nil where it is left alone.
    private mutating func due() -> PreviousFiles? {
        if let open = node.transaction {
            guard open.cause == direction else {
                let what: Message = open.cause == .spec ? "a change" : "another rollback"
                base.refuse(
                    "rollback/interrupted-change",
                    "\(what) that began at \(open.startedAt) was interrupted and is still open",
                    "run init first: it finishes the change, or undoes it if the API server does not become "
                        + "ready with it")
                return nil
            }
            result.finishesTransaction = true
            if open.isDone { return nil }
        }
        guard let previous = node.previous else {
            base.notice(
                "rollback/no-previous",
                "no change is recorded there, so it is not changed")
            return nil
        }
        guard (previous.cause == .back) == (direction == .forward) else {
            base.notice(
                "rollback/done",
                direction == .back
                    ? "was rolled back already at \(previous.startedAt), so it is not changed"
                    : "was rolled forward already at \(previous.startedAt), so it is not changed")
            return nil
        }
        return previous
    }

    // MARK: - What may come back

    private mutating func check(_ entry: PreviousFiles.Entry) {
        if ![.regular, .absent].contains(entry.now.kind) {
            base.refuse(
                "plan/target-kind", "\(entry.path) is not a plain file",
                "move it away; files are written as real files in their own directory")
        }
        for certificate in entry.before?.certificates ?? [] where certificate.isCA {
            if let dropped = inventory.compromised.first(where: { $0.covers(certificate) }) {
                base.refuse(
                    "rollback/compromised-ca",
                    "before its last change \(entry.path) held \(certificate.subject), which was dropped as "
                        + "compromised at \(dropped.since)",
                    "it must not be trusted again: run init instead")
            } else if inventory.isDropped(certificate) {
                base.refuse(
                    "rollback/dropped-ca",
                    "before its last change \(entry.path) held \(certificate.subject), which a rotation has dropped",
                    "no other server trusts it any more: run init instead")
            } else if !inventory.generations.contains(where: {
                $0.certificate.fingerprintSHA256 == certificate.fingerprintSHA256
            }) {
                base.refuse(
                    "rollback/foreign-ca",
                    "before its last change \(entry.path) held \(certificate.subject), which is not in this state",
                    "use the state directory that issued it: --state DIR")
            }
            if let shared = node.clientCA?.certificates.first(where: {
                $0.publicKeySHA256 == certificate.publicKeySHA256
            }) {
                base.refuse(
                    "plan/shared-ca",
                    "before its last change \(entry.path) and the client CA held the same key (\(shared.subject))",
                    "go forward: aggbootstrap rotate --ca leads to a CA of its own")
            }
        }
    }

    // MARK: - Reload and restart

    /// Where something else runs kube-apiserver, files alone come back: they must be those that it names.
    private mutating func planExternal(_ previous: PreviousFiles) {
        let running = node.unit?.live?.runningArguments.map { EffectiveFlags.parse(commandLine: $0) }
        let named = Set((running?.occurrences ?? []).compactMap { $0.value?.bytes })
        for entry in previous.entries where entry.before == nil && named.contains(entry.path.bytes) {
            base.refuse(
                "rollback/file-in-use",
                "\(entry.path) did not exist before its last change, and kube-apiserver runs with it",
                "remove the aggregation flags where kube-apiserver is started, then run it again")
        }
        aim(previous, flags: running)
    }

    private mutating func planActivation(_ previous: PreviousFiles) throws(UnitError) {
        if base.spec.apiServer.isExternal { return planExternal(previous) }
        let unitChanges = result.files.contains {
            UnitSources.isUnitFile($0.path, unit: unitName) && $0.action != .setMetadata
        }
        result.daemonReload = unitChanges
        let sources = try UnitSources.after(result.files, on: node, unit: unitName)
        guard let unit = node.unit, !sources.isEmpty else {
            aim(previous, flags: nil)
            return checkRemovedUnit()
        }
        let service = try EffectiveService(
            unit: unitName, sources: sources,
            environmentFiles: UnitSources.environmentFiles(result.files, on: node))
        let command = try service.command(unit: unitName)
        let flags = EffectiveFlags.parse(commandLine: service.arguments(of: command))
        // Not where it shows itself to anybody: for its first seconds it does not, and is not ready then.
        result.mayHideReadiness =
            !flags.has("proxy-client-cert-file") && node.apiServer?.showsWithoutPair != true
        aim(previous, flags: flags)
        guard let live = unit.live else { return }
        let dropIn = UnitPaths.dropIn(of: unitName)
        let isLoaded =
            command.matchesBus(argv: live.loadedArguments).isSame
            && live.loadedDropIns.contains(dropIn) == sources.contains { $0.path == dropIn }
        if !isLoaded || base.isOurInterruption && live.needDaemonReload { result.daemonReload = true }
        switch live.activity {
        case .stopped: result.restart = node.restartOfStopped(changesFiles: !result.files.isEmpty)
        case .failing:
            guard result.daemonReload || !result.files.isEmpty || base.isOurInterruption else { break }
            result.restart = .needed("it is \(live.stateText) now and may start with the old files")
        case .running:
            guard let running = live.runningArguments else { break }
            guard let reason = restartReason(command, service, running) ?? rereadReason else { break }
            result.restart = .needed(reason)
            try base.checkPending(unit, live)
            checkBase(previous, unit, command, service, running)
            base.checkReadiness()
        }
    }

    private func restartReason(_ command: ExecCommand, _ service: EffectiveService, _ running: [String])
        -> Message?
    {
        let comparison = command.matchesRunning(argv: running, environment: service.environment)
        if comparison.isSame { return nil }
        if comparison.unseen.contains(where: \.mayHoldArguments) {
            // What is not seen may be the whole difference.
            return result.files.contains { $0.path == node.flags.path && $0.action != .setMetadata }
                ? "the file with its flags changes" : nil
        }
        return "its command line changes: it "
            + NodePlanner.words(comparison.differences).joined(separator: ", ")
    }

    /// Why changed certificate files alone need a restart; nil where the API server reads them again by itself.
    private var rereadReason: Message? {
        guard let version = node.apiServer?.version ?? base.spec.kubernetesVersion,
            version < KubernetesVersion(major: 1, minor: 20),
            result.files.contains(where: { $0.isCertificateOrKey && $0.action != .setMetadata })
        else { return nil }
        return "kube-apiserver \(version) reads its certificates only when it starts"
    }

    /// Edits of the unit that had no effect while our drop-in replaced its command would get it with the restart.
    private mutating func checkBase(
        _ previous: PreviousFiles, _ unit: ObservedUnit, _ command: ExecCommand, _ service: EffectiveService,
        _ running: [String]
    ) {
        let digests = unit.digests(without: node.flags.path)
        guard !base.isOurInterruption, digests != previous.baseDigests,
            !result.files.contains(where: { command.place.hasPrefix("\($0.path):") })
        else { return }
        let comparison = command.matchesRunning(
            argv: running, environment: service.environment, scope: .withoutAggregationFlags)
        guard !comparison.isSame else { return }
        let text: Message =
            "\(unitName) was edited since that change, and the restart would activate the edit too: its command line "
            + NodePlanner.words(comparison.differences).joined(separator: "; ")
        if base.options.includesPending {
            base.notice("plan/pending-changes", text)
        } else {
            base.refuse(
                "plan/pending-changes", text,
                "look at the changes; undo them first, or run it again with --include-pending")
        }
    }

    /// Where the change that is taken back made the whole unit, there is no unit without it.
    private mutating func checkRemovedUnit() {
        guard let live = node.unit?.live, live.activity != .stopped else { return }
        base.refuse(
            "rollback/unit-removed",
            "\(unitName) did not exist before its last change, and is \(live.stateText) now",
            "stop it first (systemctl disable --now \(unitName)), then run it again")
    }

    /// Writes down what the node is to have.
    private mutating func aim(_ previous: PreviousFiles, flags: EffectiveFlags?) {
        let running = node.unit?.live?.runningArguments.map {
            EffectiveFlags.parse(commandLine: $0)
        }
        let names = ["requestheader-client-ca-file", "proxy-client-cert-file", "proxy-client-key-file"]
        let isElsewhere = names.contains { flags?.string($0) != running?.string($0) }
        target = RollbackPlanner.Target(
            node: node.name, entries: previous.entries, flags: flags,
            changesPair: isElsewhere
                || result.files.contains { $0.isCertificateOrKey && $0.action != .setMetadata })
    }
}

extension FileChange {
    /// Whether it puts a certificate or key in place.
    package var isCertificateOrKey: Bool {
        switch content {
        case .certificate, .bundle, .certificateToIssue, .privateKey, .privateKeyCopy: true
        case .text, .nothing: false
        }
    }
}
