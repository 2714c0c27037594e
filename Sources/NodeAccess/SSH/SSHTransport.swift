// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Secrets
import Values

/// A node that is reached over ssh; its files and programs through the agent of an `SSHConnection`.
package struct SSHTransport: NodeTransport {
    package let connection: SSHConnection
    let channel: AgentChannel
    /// Lower-case hex SHA-256; comes from outside, since this module does not link a cryptographic library.
    let digest: ByteDigest
    private let ahead = ReadAhead()

    package init(_ connection: SSHConnection, sha256 digest: @escaping ByteDigest) {
        self.connection = connection
        self.digest = digest
        channel = AgentChannel(connection)
    }

    package func display(_ path: String) -> String { path }

    package var traffic: NodeTraffic? { channel.traffic }

    // MARK: - Reading

    package func readAhead(_ paths: [String], digests: [String]) throws(NodeError) {
        try ahead.read(paths, digests: digests, from: channel)
    }

    package func forgetAhead() { ahead.forget() }

    package func status(_ path: String) throws(NodeError) -> FileStatus? {
        if let known = ahead.status(path) { return known }
        let reply = try channel.request(["stat", path])
        guard case .done = reply else {
            if reply.isMissing { return nil }
            throw failure(reply, "look at", path)
        }
        guard let status = FileStatus(statLine: reply.text) else {
            throw NodeError(
                .system, operation: "look at", subject: path, underlying: "stat said \(reply.text)")
        }
        return status
    }

    package func follow(_ path: String) throws(NodeError) -> String {
        let reply = try channel.request(["follow", path])
        guard case .done = reply else { throw failure(reply, "follow the links of", path) }
        return reply.text
    }

    package func read(_ path: String, limit: Int) throws(NodeError) -> [UInt8]? {
        if let known = ahead.content(path), (known?.count ?? 0) <= limit { return known }
        return try readSecret(path, limit: limit).map { secret in secret.withUnsafeBytes { Array($0) } }
    }

    package func readSecret(_ path: String, limit: Int) throws(NodeError) -> SecretBytes? {
        guard let secret = try begin(path, count: limit + 1) else { return nil }
        guard secret.count <= limit else {
            throw NodeError(
                .tooLarge, operation: "read", subject: path, underlying: "it holds more than \(limit) bytes")
        }
        return secret
    }

    package func first(_ count: Int, of path: String) throws(NodeError) -> [UInt8] {
        try begin(path, count: count)?.withUnsafeBytes { Array($0) } ?? []
    }

    /// At most `count` bytes of a regular file; nil where nothing is there.
    private func begin(_ path: String, count: Int) throws(NodeError) -> SecretBytes? {
        let reply = try channel.request(["get", path, "\(count)"])
        guard case .done(let text) = reply else {
            if reply.isMissing { return nil }
            // The type of what is there, as stat(1) calls it.
            if FileStatus.isKind(reply.text) { throw Self.notRegular(path) }
            throw failure(reply, "read", path)
        }
        switch AgentChannel.Reply.content(of: text) {
        case .whole(let bytes): return bytes
        case .damaged:
            throw NodeError(.system, operation: "read", subject: path, underlying: "the answer is not base64")
        case .unread:
            // A process that has ended meanwhile takes its files along.
            if try status(path) == nil { return nil }
            throw NodeError(.system, operation: "read", subject: path, underlying: "it cannot be read")
        }
    }

    package func sha256(of path: String, with _: ByteDigest) throws(NodeError) -> String? {
        if let known = ahead.sha256(path) { return known }
        let reply = try channel.request(["digest", path])
        guard case .done = reply else {
            if reply.isMissing { return nil }
            if FileStatus.isKind(reply.text) { throw Self.notRegular(path) }
            throw failure(reply, "digest", path)
        }
        return reply.text
    }

    package func list(_ path: String) throws(NodeError) -> [String] {
        let reply = try channel.request(["list", path])
        guard case .done = reply else {
            if reply.isMissing { return [] }
            throw failure(reply, "list", path)
        }
        return try AgentChannel.names(AgentChannel.Reply.lines(reply.text), in: path)
    }

    package func lists(_ paths: [String]) throws(NodeError) -> [[String]] {
        // With one operand ls names no directory.
        guard paths.count > 1 else {
            return try paths.isEmpty ? [] : [list(paths[0])]
        }
        let reply = try channel.request(["lists", "\(paths.count)"] + paths)
        let output: String
        switch reply {
        case .done: output = reply.text
        case .failed(let text, let errors):
            // It says so of each directory that is not there, and reads the others nevertheless.
            let lines = AgentChannel.Reply.lines(errors)
            guard !lines.isEmpty else { throw failure(reply, "list", paths[0]) }
            for line in lines where !AgentChannel.isMissing(line) {
                let subject = line.split(separator: "'").dropFirst().first.map(String.init)
                throw .remote("list", subject ?? paths[0], line)
            }
            output = text
        case .exited, .lockLost: throw failure(reply, "list", paths[0])
        }
        let names = AgentChannel.Reply.names(in: paths, output)
        var lists: [[String]] = []
        for path in paths { lists.append(try AgentChannel.names(names[path.bytes, default: []], in: path)) }
        return lists
    }

    package func owner(user: String, group: String) throws(NodeError) -> FileOwner {
        var (userID, groupID): (UInt32, UInt32) = (0, 0)
        if !user.isEmpty {
            // NAME:PASSWORD:UID:GID:...
            let fields = try entry("passwd", user)
            if fields.count > 3, let uid = UInt32(fields[2]), let gid = UInt32(fields[3]) {
                (userID, groupID) = (uid, gid)
            } else if let number = UInt32(user) {
                (userID, groupID) = (number, number)
            } else {
                throw .unknown(user: user)
            }
        }
        if !group.isEmpty {
            let fields = try entry("group", group)
            guard let number = fields.count > 2 ? UInt32(fields[2]) : UInt32(group) else {
                throw .unknown(group: group)
            }
            groupID = number
        }
        return FileOwner(userID: userID, groupID: groupID)
    }

    /// The fields of a line of getent(1); empty where there is none.
    private func entry(_ database: String, _ name: String) throws(NodeError) -> [Substring] {
        let reply = try channel.request([database, name])
        guard case .done = reply else { return [] }
        return reply.text.split(separator: ":", omittingEmptySubsequences: false)
    }

    package func clock() throws(NodeError) -> UnixTime {
        let reply = try channel.request(["clock"])
        guard case .done = reply, let seconds = Int64(reply.text) else {
            throw failure(reply, "read", "the clock")
        }
        return UnixTime(seconds: seconds)
    }

    // MARK: - Changing

    package func renameDirectory(_ from: String, to: String) throws(NodeError) {
        try expectDone(channel.request(["renamedir", from, to]), "rename to \(to)", from)
    }

    package func remove(_ path: String) throws(NodeError) {
        try expectDone(channel.request(["rm", path]), "remove", path)
    }

    package func removeTree(_ path: String) throws(NodeError) {
        try expectDone(channel.request(["rmtree", path]), "remove", path)
    }

    package func removeEmptyDirectory(_ path: String) throws(NodeError) {
        try expectDone(channel.request(["rmempty", path]), "remove", path)
    }

    package func run(
        _ program: String, _ arguments: [String], environment: [String: String], timeoutSeconds: Int
    ) async throws(NodeError) -> CommandResult {
        try runNow(program, arguments, environment: environment, timeoutSeconds: timeoutSeconds)
    }

    func runNow(
        _ program: String, _ arguments: [String], environment: [String: String], timeoutSeconds: Int
    ) throws(NodeError) -> CommandResult {
        let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let words = ["\(timeoutSeconds)", "env"] + variables + [program] + arguments
        let reply = try channel.request(
            ["run", "\(words.count)"] + words, seconds: timeoutSeconds + AgentChannel.seconds)
        guard case .exited(let status, let output, let errors) = reply else {
            throw failure(reply, "run", program)
        }
        guard status != 124 else {
            throw NodeError(
                .command, operation: "run", subject: program,
                underlying: "it had not ended after \(timeoutSeconds) s")
        }
        guard ![125, 126, 127].contains(status) else {
            throw NodeError(
                .command, operation: "run", subject: program, underlying: Message(verbatim: reply.text),
                hint: "install \(program) on the node, then run it again")
        }
        return CommandResult(status: status, stdout: output, stderr: errors)
    }

    // MARK: - The lock

    package func lock(_ holder: LockHolder) throws(NodeError) -> any NodeLock {
        let lock = try SSHLock(connection, holder)
        try expectDone(
            channel.request(["token", holder.token]), "announce the lock on", connection.destination.name)
        return lock
    }

    package func checkLock() throws(NodeError) {
        try expectDone(channel.request(["owned"]), "change", connection.destination.name)
    }

    // MARK: - Errors

    func expectDone(
        _ reply: AgentChannel.Reply, _ operation: Message, _ subject: String
    ) throws(NodeError) {
        guard case .done = reply else { throw failure(reply, operation, subject) }
    }

    func failure(_ reply: AgentChannel.Reply, _ operation: Message, _ subject: String) -> NodeError {
        if case .lockLost = reply { return .lockLost(operation, subject, connection.destination.name) }
        let text = reply.text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "it failed"
        return .remote(operation, subject, text)
    }

    static func notRegular(_ path: String) -> NodeError {
        NodeError(.notRegular, operation: "read", subject: path, underlying: "it is not a regular file")
    }
}
