// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
import NodeAccess
import Secrets
import Synchronization
import Values

/// Real files below a directory; what would cross ssh goes into a journal, which decides what becomes of it. Programs are
/// not run, and unexpected ones are an error.
final class JournaledNode: NodeTransport {
    /// Who holds a machine's lock; shared by all that reach it.
    final class Lock: Sendable {
        private let token = Mutex<String?>(nil)

        var holder: String? { token.withLock { $0 } }

        /// - Returns: whether it was free.
        func take(_ holder: String) -> Bool {
            token.withLock { token in
                guard token == nil else { return false }
                token = holder
                return true
            }
        }

        /// As a node does it itself when nothing is heard of the holder.
        func release(_ holder: String) { token.withLock { $0 = $0 == holder ? nil : $0 } }

        /// The holder was silent for too long.
        func pass(to holder: String?) { token.withLock { $0 = holder } }
    }

    private let local: LocalTransport
    private let journal: Journal
    /// In front of each step.
    private let name: String
    /// nil for one that anybody may change.
    private let machine: Lock?
    /// With which it holds that lock.
    private let token = Mutex<String?>(nil)
    /// What a process that runs there watches.
    private let fdinfo: @Sendable () -> String
    /// Called when files have got their names.
    private let renamed: @Sendable () -> Void

    init(
        _ root: String, _ journal: Journal, name: String = "", lock: Lock? = nil,
        fdinfo: @escaping @Sendable () -> String = { "" }, renamed: @escaping @Sendable () -> Void = {}
    ) {
        local = LocalTransport(root: NodeRoot(prefix: root))
        self.journal = journal
        self.fdinfo = fdinfo
        self.renamed = renamed
        self.name = name.isEmpty ? "" : "\(name): "
        machine = lock
    }

    /// - Parameter body: what the step does.
    private func step<T>(
        _ step: String, needsLock: Bool = true, _ body: () throws(NodeError) -> T
    ) throws(NodeError) -> T {
        let fate = journal.note(name + step)
        if fate == .lost { throw Self.lost(step) }
        if fate == .lockLost { machine?.pass(to: "another") }
        if needsLock, let machine {
            let token = token.withLock { $0 }
            guard let token, machine.holder == token else {
                throw NodeError(
                    .lockLost, operation: "do", subject: step, underlying: "the lock is not ours")
            }
        }
        if case .failing(let code) = fate {
            throw NodeError(code, operation: "do", subject: step, underlying: "made to fail")
        }
        let result = try body()
        if fate == .lostBehind { throw Self.lost(step) }
        return result
    }

    private static func lost(_ step: String) -> NodeError {
        NodeError(.connectionLost, operation: "do", subject: step, underlying: "nothing is heard")
    }

    private func look<T>(_ path: String, _ body: () throws(NodeError) -> T) throws(NodeError) -> T {
        if journal.isLost { throw Self.lost("read \(path)") }
        return try body()
    }

    // MARK: - Looking

    func display(_ path: String) -> String { local.display(path) }
    func status(_ path: String) throws(NodeError) -> FileStatus? {
        let status = try look(path) { () throws(NodeError) in try local.status(path) }
        return status.map(Self.ownedByRoot)
    }
    func follow(_ path: String) throws(NodeError) -> String {
        try look(path) { () throws(NodeError) in try local.follow(path) }
    }
    func read(_ path: String, limit: Int) throws(NodeError) -> [UInt8]? {
        try look(path) { () throws(NodeError) in try local.read(path, limit: limit) }
    }
    func readSecret(_ path: String, limit: Int) throws(NodeError) -> SecretBytes? {
        if !path.hasPrefix("/proc/") { journal.noteSecret(path) }
        return try look(path) { () throws(NodeError) in try local.readSecret(path, limit: limit) }
    }
    func first(_ count: Int, of path: String) throws(NodeError) -> [UInt8] {
        try look(path) { () throws(NodeError) in try local.first(count, of: path) }
    }
    func sha256(of path: String, with digest: ByteDigest) throws(NodeError) -> String? {
        try look(path) { () throws(NodeError) in try local.sha256(of: path, with: digest) }
    }
    func list(_ path: String) throws(NodeError) -> [String] {
        try look(path) { () throws(NodeError) in try local.list(path) }
    }
    func lists(_ paths: [String]) throws(NodeError) -> [[String]] {
        try look("directories") { () throws(NodeError) in try local.lists(paths) }
    }
    /// Who runs the test is root there, so that nothing needs root here.
    private static func ownedByRoot(_ status: FileStatus) -> FileStatus {
        let type =
            switch status.kind {
            case .regular: S_IFREG
            case .directory: S_IFDIR
            case .symbolicLink: S_IFLNK
            case .other: S_IFIFO
            }
        return FileStatus(
            rawMode: type | status.mode, userID: 0, groupID: 0, size: status.size, inode: status.inode,
            device: status.device, links: status.links)
    }
    /// Asked once by each full observation.
    func processes(mentioning words: [String]) throws(NodeError) -> [NodeProcess] {
        try local.processes(mentioning: words)
    }

    func owner(user: String, group: String) throws(NodeError) -> FileOwner {
        try step("observe", needsLock: false) { () throws(NodeError) in FileOwner(userID: 0, groupID: 0) }
    }
    func clock() throws(NodeError) -> UnixTime { local.clock() }

    // MARK: - Changing

    func prepare(_ files: [FileWrite]) throws(NodeError) -> [String] {
        let own = files.map { FileWrite($0.path, $0.content, mode: $0.mode) }
        return try step("stage \(Self.names(files.map(\.path)))") { () throws(NodeError) in
            try local.prepare(own)
        }
    }
    func prepareCopies(_ copies: [FileCopy], with digest: ByteDigest) throws(NodeError) -> [PreparedCopy?] {
        let own = copies.map { FileCopy(of: $0.source, to: $0.path, mode: $0.mode) }
        return try step("copy \(copies.count)") { () throws(NodeError) in
            try local.prepareCopies(own, with: digest)
        }
    }
    func commit(_ files: [PreparedPath], removing removed: [String]) throws(NodeError) {
        let removal = removed.isEmpty ? "" : ", remove \(removed.count)"
        try step("rename \(Self.names(files.map(\.path)))\(removal)") { () throws(NodeError) in
            try local.commit(files, removing: removed)
            renamed()
        }
    }
    func makeDirectories(_ paths: [String], mode: UInt32) throws(NodeError) {
        try step("make directories") { () throws(NodeError) in try local.makeDirectories(paths, mode: mode) }
    }
    func renameDirectory(_ from: String, to: String) throws(NodeError) {
        try step("move to \(Self.names([to]))") { () throws(NodeError) in
            try local.renameDirectory(from, to: to)
        }
    }
    func remove(_ path: String) throws(NodeError) {
        try step("remove \(Self.names([path]))") { () throws(NodeError) in try local.remove(path) }
    }
    func removeTree(_ path: String) throws(NodeError) {
        try step("remove tree \(Self.names([path]))") { () throws(NodeError) in try local.removeTree(path) }
    }
    func removeEmptyDirectory(_ path: String) throws(NodeError) {
        try look(path) { () throws(NodeError) in try local.removeEmptyDirectory(path) }
    }

    // MARK: - The lock, and programs

    func lock(_ holder: LockHolder) throws(NodeError) -> any NodeLock {
        try step("lock", needsLock: false) { () throws(NodeError) in
            guard machine?.take(holder.token) != false else {
                throw NodeError(
                    .locked, operation: "lock", subject: "the node", underlying: "locked by another")
            }
        }
        token.withLock { $0 = holder.token }
        return Held(machine, token: holder.token)
    }

    private final class Held: NodeLock {
        private let machine: Lock?
        private let token: String

        init(_ machine: Lock?, token: String) { (self.machine, self.token) = (machine, token) }

        func release() { machine?.release(token) }

        deinit { release() }
    }

    func checkLock() throws(NodeError) { try step("see the lock") { () throws(NodeError) in } }

    func run(
        _ program: String, _ arguments: [String], environment: [String: String], timeoutSeconds: Int
    ) async throws(NodeError) -> CommandResult {
        try step("run \(program)", needsLock: false) { () throws(NodeError) in
            if program == "grep", arguments.last?.hasSuffix("/fdinfo") == true {
                return CommandResult(status: 0, stdout: fdinfo(), stderr: "")
            }
            guard ["systemd-analyze", "sync", "journalctl", "sh"].contains(program) else {
                throw NodeError(.command, operation: "run", subject: program, underlying: "nobody expects it")
            }
            return CommandResult(status: 0, stdout: "", stderr: "")
        }
    }

    private static func names(_ paths: [String]) -> String {
        paths.map { AtomicFileWriter.split($0).name }.joined(separator: " ")
    }
}
