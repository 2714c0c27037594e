// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Secrets
import Synchronization
import SystemdBus
import Values

/// What was done to a node, in order, and at which of it something fails.
final class Journal: Sendable {
    private struct Entries {
        var steps: [String] = []
        /// Numbers of the steps that fail, from 1.
        var failing: Set<Int> = []
    }

    private let entries = Mutex(Entries())

    /// How the node's steps fail.
    let code: NodeError.Code

    init(failingAt failing: Set<Int> = [], with code: NodeError.Code = .system) {
        self.code = code
        entries.withLock { $0.failing = failing }
    }

    var steps: [String] { entries.withLock { $0.steps } }

    /// - Returns: whether the step is to fail.
    func note(_ step: String) -> Bool {
        entries.withLock { entries in
            entries.steps.append(step)
            return entries.failing.contains(entries.steps.count)
        }
    }
}

/// Real files below a directory, each change of which can fail; programs are not run, and unexpected ones are an error.
final class FaultyNode: NodeTransport {
    private let local: LocalTransport
    private let journal: Journal

    init(_ root: String, _ journal: Journal) {
        local = LocalTransport(root: NodeRoot(prefix: root))
        self.journal = journal
    }

    private func step(_ step: String) throws(NodeError) {
        guard journal.note(step) else { return }
        throw NodeError(journal.code, operation: "do", subject: step, underlying: "made to fail")
    }

    func display(_ path: String) -> String { local.display(path) }
    func status(_ path: String) throws(NodeError) -> FileStatus? { try local.status(path) }
    func follow(_ path: String) throws(NodeError) -> String { try local.follow(path) }
    func read(_ path: String, limit: Int) throws(NodeError) -> [UInt8]? { try local.read(path, limit: limit) }
    func readSecret(_ path: String, limit: Int) throws(NodeError) -> SecretBytes? {
        try local.readSecret(path, limit: limit)
    }
    func first(_ count: Int, of path: String) throws(NodeError) -> [UInt8] {
        try local.first(count, of: path)
    }
    func sha256(of path: String, with digest: ByteDigest) throws(NodeError) -> String? {
        try local.sha256(of: path, with: digest)
    }
    func list(_ path: String) throws(NodeError) -> [String] { try local.list(path) }
    func lists(_ paths: [String]) throws(NodeError) -> [[String]] { try local.lists(paths) }
    func owner(user: String, group: String) throws(NodeError) -> FileOwner {
        try local.owner(user: user, group: group)
    }
    func clock() throws(NodeError) -> UnixTime { local.clock() }

    func stage(_ files: [FileWrite]) throws(NodeError) -> [String] {
        try step("stage \(files.map { Self.short($0.path) }.joined(separator: " "))")
        return try local.stage(files)
    }
    func stageCopies(_ copies: [FileCopy], with digest: ByteDigest) throws(NodeError) -> [StagedCopy?] {
        try step("copy \(copies.count)")
        return try local.stageCopies(copies, with: digest)
    }
    func commit(_ files: [StagedPath], removing removed: [String]) throws(NodeError) {
        try step("rename \(files.map { Self.short($0.path) }.joined(separator: " "))")
        try local.commit(files, removing: removed)
    }
    func makeDirectories(_ paths: [String], mode: UInt32) throws(NodeError) {
        try step("make directories")
        try local.makeDirectories(paths, mode: mode)
    }
    func renameDirectory(_ from: String, to: String) throws(NodeError) {
        try step("rename to \(Self.short(to))")
        try local.renameDirectory(from, to: to)
    }
    func remove(_ path: String) throws(NodeError) {
        try step("remove \(Self.short(path))")
        try local.remove(path)
    }
    func removeTree(_ path: String) throws(NodeError) {
        try step("remove tree \(Self.short(path))")
        try local.removeTree(path)
    }
    func removeEmptyDirectory(_ path: String) throws(NodeError) { try local.removeEmptyDirectory(path) }
    func lock(_ holder: LockHolder) throws(NodeError) -> any NodeLock { try local.lock(holder) }
    func checkLock() throws(NodeError) { try step("see the lock") }

    func run(
        _ program: String, _ arguments: [String], environment: [String: String], timeoutSeconds: Int
    ) async throws(NodeError) -> CommandResult {
        try step("run \(program)")
        guard ["systemd-analyze", "sync", "journalctl"].contains(program) else {
            throw NodeError(.command, operation: "run", subject: program, underlying: "nobody expects it")
        }
        return CommandResult(status: 0, stdout: "", stderr: "")
    }

    private static func short(_ path: String) -> String { AtomicFileWriter.split(path).name }
}

/// A systemd that loads a unit's drop-in when it is told to, and starts what it has loaded.
final class FaultyUnits: UnitManager {
    private struct Unit {
        var loaded: [String]
        var running: [String]?
    }

    private let journal: Journal
    /// The command that the unit's files have now.
    private let command: @Sendable () -> [String]
    private let unit: Mutex<Unit>

    init(_ journal: Journal, command: @escaping @Sendable () -> [String]) {
        (self.journal, self.command) = (journal, command)
        unit = Mutex(Unit(loaded: command(), running: command()))
    }

    var running: [String]? { unit.withLock { $0.running } }

    private func step(_ step: String) throws(BusError) {
        guard journal.note(step) else { return }
        throw BusError(.refused, operation: "do", subject: step, underlying: "made to fail")
    }

    func unit(_ name: String) throws(BusError) -> UnitState {
        var state = UnitState()
        (state.id, state.loadState, state.activeState) = (name, "loaded", "active")
        unit.withLock { unit in
            state.execStart = [unit.loaded]
            state.mainPID = unit.running == nil ? nil : 1
        }
        return state
    }

    func daemonReload() throws(BusError) {
        try step("daemon-reload")
        unit.withLock { $0.loaded = command() }
    }
    func resetFailed(_ name: String) throws(BusError) { try step("reset-failed") }
    func restart(_ name: String, timeoutSeconds: Int) throws(BusError) -> JobResult {
        try step("restart")
        unit.withLock { $0.running = $0.loaded }
        return .done
    }
    func start(_ name: String, timeoutSeconds: Int) throws(BusError) -> JobResult {
        throw unexpected("start")
    }
    func stop(_ name: String, timeoutSeconds: Int) throws(BusError) -> JobResult { throw unexpected("stop") }
    func enable(_ name: String) throws(BusError) { throw unexpected("enable") }
    func disable(_ name: String) throws(BusError) { throw unexpected("disable") }

    private func unexpected(_ call: String) -> BusError {
        BusError(.refused, operation: call, subject: "the unit", underlying: "nobody expects it")
    }
}
