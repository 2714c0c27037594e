// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Secrets
import Synchronization
import Values

/// Files of this machine, with a note of every secret that was asked for and of every step that writes: what would cross
/// ssh.
final class CountingTransport: NodeTransport {
    private let local: LocalTransport
    private let asked = Mutex<[String]>([])
    private let written = Mutex<[String]>([])

    init(_ local: LocalTransport) { self.local = local }

    /// Paths in the order in which they were asked for.
    var secretsRead: [String] { asked.withLock { $0 } }

    /// What was asked for since the last call, a step each; how many files it was on.
    func steps() -> [String] {
        written.withLock { steps in
            defer { steps = [] }
            return steps
        }
    }

    private func note(_ step: String) { written.withLock { $0.append(step) } }

    func readSecret(_ path: String, limit: Int) throws(NodeError) -> SecretBytes? {
        asked.withLock { $0.append(path) }
        return try local.readSecret(path, limit: limit)
    }

    func display(_ path: String) -> String { local.display(path) }
    func status(_ path: String) throws(NodeError) -> FileStatus? { try local.status(path) }
    func follow(_ path: String) throws(NodeError) -> String { try local.follow(path) }
    func read(_ path: String, limit: Int) throws(NodeError) -> [UInt8]? { try local.read(path, limit: limit) }
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
        note("stage \(files.count)")
        return try local.stage(files)
    }
    func stageCopies(_ copies: [FileCopy], with digest: ByteDigest) throws(NodeError) -> [StagedCopy?] {
        note("copy \(copies.count)")
        return try local.stageCopies(copies, with: digest)
    }
    func commit(_ files: [StagedPath], removing removed: [String]) throws(NodeError) {
        note("commit \(files.count), remove \(removed.count)")
        try local.commit(files, removing: removed)
    }
    func makeDirectories(_ paths: [String], mode: UInt32) throws(NodeError) {
        try local.makeDirectories(paths, mode: mode)
    }
    func renameDirectory(_ from: String, to: String) throws(NodeError) {
        try local.renameDirectory(from, to: to)
    }
    func remove(_ path: String) throws(NodeError) { try local.remove(path) }
    func removeTree(_ path: String) throws(NodeError) { try local.removeTree(path) }
    func removeEmptyDirectory(_ path: String) throws(NodeError) { try local.removeEmptyDirectory(path) }
    func lock(_ holder: LockHolder) throws(NodeError) -> any NodeLock { try local.lock(holder) }
    func checkLock() throws(NodeError) { local.checkLock() }
    func run(
        _ program: String, _ arguments: [String], environment: [String: String], timeoutSeconds: Int
    ) async throws(NodeError) -> CommandResult {
        try await local.run(program, arguments, environment: environment, timeoutSeconds: timeoutSeconds)
    }
}
