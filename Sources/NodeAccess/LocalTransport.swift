// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Secrets
import Values

/// A node whose files are this machine's own: the machine itself, or a tree below a directory.
package struct LocalTransport: NodeTransport {
    package let root: NodeRoot

    package init(root: NodeRoot = .machine) { self.root = root }

    package func display(_ path: String) -> String { root.display(path) }

    package func status(_ path: String) throws(NodeError) -> FileStatus? {
        try FileStatus.of(root.reach(path, following: false))
    }

    package func follow(_ path: String) throws(NodeError) -> String { try root.follow(path) }

    package func read(_ path: String, limit: Int) throws(NodeError) -> [UInt8]? {
        try FileReader.read(root.reach(path), limit: limit)
    }

    package func readSecret(_ path: String, limit: Int) throws(NodeError) -> SecretBytes? {
        try FileReader.readSecret(root.reach(path), limit: limit)
    }

    package func first(_ count: Int, of path: String) throws(NodeError) -> [UInt8] {
        try FileReader.first(count, of: root.reach(path))
    }

    package func sha256(of path: String, with digest: ByteDigest) throws(NodeError) -> String? {
        guard let bytes = try readSecret(path, limit: 4 << 20) else { return nil }
        guard let sum = bytes.withUnsafeBytes(digest) else { throw .noDigest(path) }
        return sum
    }

    package func list(_ path: String) throws(NodeError) -> [String] { try FileReader.list(root.reach(path)) }

    package func lists(_ paths: [String]) throws(NodeError) -> [[String]] {
        var lists: [[String]] = []
        for path in paths { lists.append(try list(path)) }
        return lists
    }

    package func owner(user: String, group: String) throws(NodeError) -> FileOwner {
        try LocalHost.owner(user: user, group: group)
    }

    package func clock() -> UnixTime { LocalHost.now() }

    package func prepare(_ files: [FileWrite]) throws(NodeError) -> [String] {
        var reached: [FileWrite] = []
        for file in files {
            try root.checkLeadsSomewhere(file.path.splitPath.directory)
            let path = try root.reach(file.path, following: false)
            reached.append(FileWrite(path, file.content, mode: file.mode, owner: file.owner))
        }
        _ = try AtomicFileWriter.prepare(reached)
        return files.map { AtomicFileWriter.temporary(for: $0.path) }
    }

    package func prepareCopies(_ copies: [FileCopy], with digest: ByteDigest) throws(NodeError)
        -> [PreparedCopy?]
    {
        var files: [FileWrite] = []
        var prepared: [PreparedCopy?] = []
        for copy in copies {
            guard let bytes = try readSecret(copy.source, limit: 4 << 20) else {
                prepared.append(nil)
                continue
            }
            guard let sum = bytes.withUnsafeBytes(digest) else { throw .noDigest(copy.source) }
            files.append(FileWrite(copy.path, .secret(bytes), mode: copy.mode, owner: copy.owner))
            let temporary = AtomicFileWriter.temporary(for: copy.path)
            prepared.append(PreparedCopy(temporary: temporary, size: bytes.count, sha256: sum))
        }
        // What is prepared is read back there.
        _ = try prepare(files)
        return prepared
    }

    package func commit(_ files: [PreparedPath], removing removed: [String]) throws(NodeError) {
        var reached: [(temporary: String, path: String)] = []
        for file in files {
            reached.append(
                (
                    try root.reach(file.temporary, following: false),
                    try root.reach(file.path, following: false)
                ))
        }
        var gone: [String] = []
        for path in removed { gone.append(try root.reach(path, following: false)) }
        try AtomicFileWriter.commit(reached, removing: gone)
    }

    package func makeDirectories(_ paths: [String], mode: UInt32) throws(NodeError) {
        var reached: [String] = []
        for path in paths {
            try root.checkLeadsSomewhere(path)
            reached.append(try root.reach(path))
        }
        try AtomicFileWriter.makeDirectories(reached, mode: mode)
    }

    package func renameDirectory(_ from: String, to: String) throws(NodeError) {
        try AtomicFileWriter.renameDirectory(
            root.reach(from, following: false), to: root.reach(to, following: false))
    }

    package func remove(_ path: String) throws(NodeError) {
        try AtomicFileWriter.remove(root.reach(path, following: false))
    }

    package func removeTree(_ path: String) throws(NodeError) {
        try AtomicFileWriter.removeTree(root.reach(path, following: false))
    }

    package func removeEmptyDirectory(_ path: String) throws(NodeError) {
        try AtomicFileWriter.removeEmptyDirectory(root.reach(path, following: false))
    }

    package func lock(_ holder: LockHolder) throws(NodeError) -> any NodeLock {
        guard root == .machine else { return NoLock() }
        return try LocalNodeLock(holder)
    }

    /// A lock of this machine goes with this process only.
    package func checkLock() {}

    package func run(
        _ program: String, _ arguments: [String], environment: [String: String], timeoutSeconds: Int
    ) async throws(NodeError) -> CommandResult {
        try await CommandRunner.run(
            program, arguments, environment: environment, timeoutSeconds: timeoutSeconds)
    }
}
