// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
import NodeAccess
import Planning
import Spec
import SystemdBus
import SystemdUnits
import Values

/// Applies one node's plan: prepare, keep copies, rename, reload, restart, and back again if the API server does not
/// serve with it.
package struct NodeApply {
    let spec: ClusterSpec
    let plan: NodePlan
    let observed: ObservedNode
    let preparer: FilePreparer
    /// nil offline.
    let activator: Activator?
    var cause = ChangeCause.spec
    /// What a new pair must pass before the change counts as made; asked where the pair changes.
    var gate: (@Sendable () async throws -> Void)?
    let now: UnixTime
    let progress: NodeProgress

    package init(
        spec: ClusterSpec, plan: NodePlan, observed: ObservedNode, preparer: FilePreparer,
        activator: Activator?,
        cause: ChangeCause = .spec, gate: (@Sendable () async throws -> Void)? = nil, now: UnixTime,
        progress: NodeProgress
    ) {
        self.spec = spec
        self.plan = plan
        self.observed = observed
        self.preparer = preparer
        self.activator = activator
        self.cause = cause
        self.gate = gate
        self.now = now
        self.progress = progress
    }

    private var unit: String { spec.apiServer.unit }
    private var node: any NodeTransport { preparer.node }

    /// How far it got; what must be undone depends on it.
    private enum Step: Int, Comparable {
        case preparing
        case renaming
        case restarting

        static func < (a: Step, b: Step) -> Bool { a.rawValue < b.rawValue }
    }

    /// - Throws: after which every file is as it was and the API server, if it served before, serves again; the code
    ///   `apply/not-restored` says that it does not.
    package func apply() async throws {
        guard let activator else { return try applyOffline() }
        let transaction = try NodeTransaction.begin(
            unit: unit, cause: cause, paths: plan.files.map(\.path),
            madeDirectories: try missingDirectories(),
            wasServing: wasServing, baseDigests: baseDigests, now: now, on: node)
        var step = Step.preparing
        do {
            let prepared = try await prepare()
            step = .renaming
            try preparer.commit(prepared)
            if !prepared.isEmpty { progress(.wrote(files: prepared.count)) }
            try await remove(removals.filter { isUnitFile($0.path) })
            if plan.daemonReload { try activator.reload(expecting: try wantedCommand()) }
            if plan.restarts || plan.finishesTransaction { step = .restarting }
            if plan.restarts {
                try await activator.restart(hiddenCounts: plan.mayHideReadiness)
            } else if wasServing, changesPair {
                try activator.checkPair()
            } else if plan.finishesTransaction, wasServing {
                try await activator.waitUntilReady(hiddenCounts: wasHidden || plan.mayHideReadiness)
            }
            if let gate, wasServing, changesPair { try await gate() }
            // Not before: the process with the old flags would not start again without them.
            try await remove(removals.filter { !isUnitFile($0.path) })
            for directory in plan.removesDirectories.reversed() { try node.removeEmptyDirectory(directory) }
        } catch {
            throw await putBack(transaction, activator, from: step, because: error)
        }
        do {
            try transaction.close(unit: unit)
        } catch {
            // The change is in force and proven; only its copies are still called open.
            progress(.copiesNotStored(because: "\(error)"))
        }
    }

    private var changesPair: Bool { plan.changesPair(of: observed) }

    private var wasHidden: Bool {
        if case .hidden? = observed.apiServer?.readiness { return true }
        return false
    }

    private var wasServing: Bool { observed.unit?.live?.activity == .running }

    private var baseDigests: [String: String] {
        observed.unit?.digests(without: observed.flags.path) ?? [:]
    }

    // MARK: - Forward

    private var removals: [FileChange] { plan.files.filter { $0.action == .remove } }

    private func remove(_ files: [FileChange]) async throws {
        guard !files.isEmpty else { return }
        try node.checkLock()
        for file in files { try node.remove(file.path) }
        let directories = Set(files.map { AtomicFileWriter.split($0.path).directory }).sorted()
        let result = try await node.run("sync", ["--"] + directories)
        guard result.status == 0 else {
            throw BootstrapError(
                "apply/not-synced",
                "cannot write the removal of files in \(list: directories) to the disk: "
                    + result.stderr)
        }
        progress(.removed(files: files.count))
    }

    private func applyOffline() throws {
        let before = try OfflineFiles(
            plan.files.map(\.path), madeDirectories: try missingDirectories(), on: node)
        do {
            try makeDirectories()
            try preparer.commit(try preparer.prepare(plan))
        } catch {
            throw putBack(before, because: error)
        }
        progress(.wrote(files: plan.files.count))
    }

    private func prepare() async throws -> [PreparedPath] {
        try makeDirectories()
        let prepared = try preparer.prepare(plan)
        do {
            try await verifyUnit()
        } catch {
            preparer.discard(prepared)
            throw error
        }
        return prepared
    }

    /// Directories above the plan's files that do not exist yet, outermost first.
    private func missingDirectories() throws -> [String] {
        var missing: [String] = []
        for file in plan.files {
            var chain: [String] = []
            var directory = AtomicFileWriter.split(file.path).directory
            while directory != "/", try node.status(directory) == nil {
                chain.append(directory)
                directory = AtomicFileWriter.split(directory).directory
            }
            missing += chain.reversed().filter { !missing.contains($0) }
        }
        return missing
    }

    private func makeDirectories() throws {
        let written = plan.files.filter { $0.action != .remove }
        let directories = Set(written.map { AtomicFileWriter.split($0.path).directory })
        try node.makeDirectories(directories.sorted(), mode: 0o755)
    }

    private func verifyUnit() async throws {
        guard plan.files.contains(where: { isUnitFile($0.path) && $0.action != .setMetadata }) else { return }
        let changed = try UnitSources.after(plan.files, on: observed, unit: unit)
        guard !changed.isEmpty else { return }
        let store = NodeTransaction.store(unit: unit)
        try await UnitVerifier(unit: unit, node: node, workDirectory: store).verify(
            current: try UnitSources.current(observed, unit: unit), changed: changed)
    }

    private func isUnitFile(_ path: String) -> Bool { UnitSources.isUnitFile(path, unit: unit) }

    /// The command that systemd must have loaded after the change; nil where there is no unit then.
    private func wantedCommand() throws -> ExecCommand? {
        guard observed.unit != nil else { return nil }
        let sources = try UnitSources.after(plan.files, on: observed, unit: unit)
        return sources.isEmpty ? nil : try EffectiveService(unit: unit, sources: sources).command(unit: unit)
    }

    // MARK: - Back

    private func putBack(
        _ transaction: NodeTransaction, _ activator: Activator, from step: Step, because cause: any Error
    ) async -> BootstrapError {
        let failure = ErrorReport(cause)
        if step == .preparing, observed.transaction != nil {
            // What the interrupted run left is neither better nor worse than before.
            return BootstrapError(extending: cause, status: .failed) {
                "\($0); the interrupted change is still open"
            }
        }
        progress(.restoring(because: failure.message))
        var areBack = false
        do {
            try transaction.restore(unit: unit)
            areBack = true
            if step > .preparing, plan.daemonReload || plan.finishesTransaction {
                try activator.reload(expecting: nil)
            }
            let isUp = step == .restarting ? try await bringBack(transaction, activator) : ""
            do { try transaction.drop(unit: unit) } catch {
                progress(.copiesNotRemoved(because: "\(error)"))
            }
            return BootstrapError(extending: cause, status: .failed) {
                "\($0); every file is as it was\(isUp)"
            }
        } catch {
            let second = ErrorReport(error)
            if [NodeError.Code.connectionLost.rawValue, NodeError.Code.lockLost.rawValue].contains(
                second.code)
            {
                return BootstrapError(
                    extending: error, status: .mixed,
                    details: failure.message == second.message ? [] : [failure.message] + failure.details
                ) { "\($0); its change is still open on the node: begun and not finished" }
            }
            return BootstrapError(
                "apply/not-restored", status: .mixed,
                areBack
                    ? "\(failure.message); the old files are back, and it does not serve with them either: \(second.message)"
                    : "\(failure.message); and the old files could not be restored: \(second.message)",
                hint:
                    "the old files are in \(NodeTransaction.store(unit: unit))/transaction; see "
                    + (spec.apiServer.isExternal ? "the log of kube-apiserver" : "systemctl status \(unit)")
                    + " now, then run it again",
                details: failure.details + second.details)
        }
    }

    private func putBack(_ before: OfflineFiles, because cause: any Error) -> BootstrapError {
        do {
            try before.restore()
            return BootstrapError(extending: cause, status: .failed) { "\($0); every file is as it was" }
        } catch {
            let (failure, second) = (ErrorReport(cause), ErrorReport(error))
            return BootstrapError(
                "apply/not-restored", status: .mixed,
                "\(failure.message); and the old files could not be restored: \(second.message)",
                hint: "remove what is in the way, then run it again: it restores the files of the tree",
                details: failure.details + second.details)
        }
    }

    /// Starts the API server with the old files again where it served with them.
    private func bringBack(_ transaction: NodeTransaction, _ activator: Activator) async throws -> Message {
        if spec.apiServer.isExternal {
            // What runs it starts it again by itself; the files are as before.
            guard transaction.wasServing else { return "" }
            try await activator.waitUntilReady(hiddenCounts: wasHidden)
            return ", and kube-apiserver is ready"
        }
        guard transaction.wasServing else {
            try activator.units.resetFailed(unit)
            _ = try activator.units.restart(unit, timeoutSeconds: Activator.jobSeconds)
            return "; \(unit) was not running before the change either"
        }
        try await activator.restartOld(before: observed.apiServer?.readiness)
        return ", and \(unit) is ready again"
    }
}

extension NodePlan {
    /// Whether a running API server that has the flags gets another pair: another certificate or key makes it one, and so
    /// does a file that comes back, since the API server reads it then.
    package func changesPair(of observed: ObservedNode) -> Bool {
        let running = observed.unit?.live?.runningArguments ?? []
        let flags = EffectiveFlags.parse(commandLine: running)
        let (certificate, key) = (observed.certificate.path, observed.key.path)
        guard
            flags.string("proxy-client-cert-file")?.plainPath.bytes == certificate.bytes
                || flags.string("proxy-client-key-file")?.plainPath.bytes == key.bytes
        else { return false }
        return files.contains { file in
            [certificate, key].contains(file.path) && (file.action == .replace || file.action == .create)
        }
    }
}
