// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
import Values

/// Who asks for a node's lock.
package struct LockHolder: Sendable {
    /// New for each run, and known to nobody else.
    package let token: String
    /// For the one who finds it taken: process, machine, time.
    package let text: String

    /// - Parameter token: random hex digits.
    package init(token: String, now: UnixTime) {
        self.token = token
        text = "\(getpid()) on \(LocalHost.name()) since \(now)"
    }
}

/// A node's lock for the time of a rollout; let go with the value, and by the node itself when the holder has been
/// silent for half a minute.
package protocol NodeLock: Sendable {
    func release()
}

/// The lock of the machine that the program runs on: the same files as over ssh, so that both ways exclude each other.
final class LocalNodeLock: NodeLock {
    private let lock: AdvisoryLock
    private static let directory = AgentScript.lockDirectory

    init(_ holder: LockHolder) throws(NodeError) {
        try AtomicFileWriter.makeDirectories(Self.directory, mode: 0o755)
        do throws(NodeError) {
            lock = try AdvisoryLock(path: "\(Self.directory)/lock")
        } catch {
            guard error.code == .locked else { throw error }
            throw .taken(Self.owner())
        }
        // Waits for the change that an earlier holder has under way, and ends its right to another one.
        let operations = try FileDescriptor.open("\(Self.directory)/ops", O_RDWR | O_CREAT, mode: 0o644)
        guard retrying({ flock(operations.number, LOCK_EX) }) == 0 else {
            throw .system("lock", "\(Self.directory)/ops")
        }
        try AtomicFileWriter.write(
            "\(Self.directory)/owner", .text("\(holder.token)\n\(holder.text)\n"), mode: 0o644)
    }

    private static func owner() -> String {
        let bytes = (try? FileReader.read("\(directory)/owner", limit: 4096)).flatMap { $0 } ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().first.map(
            String.init) ?? ""
    }

    func release() { try? AtomicFileWriter.remove("\(Self.directory)/owner") }

    deinit { release() }
}

/// A tree of files below a directory is locked with the state directory.
struct NoLock: NodeLock {
    func release() {}
}

extension NodeError {
    /// The node's lock is taken.
    static func taken(_ holder: String) -> NodeError {
        NodeError(
            .locked, operation: "lock", subject: "the node",
            underlying: "locked by \(holder.isEmpty ? "another aggbootstrap" : holder)",
            hint:
                "wait until it has ended; half a minute after its connection is gone the node lets go by itself"
        )
    }

    static func lockLost(_ operation: String, _ subject: String, _ node: String) -> NodeError {
        NodeError(
            .lockLost, operation: operation, subject: subject,
            underlying: "the lock of \(node) is no longer ours",
            hint:
                "the connection was silent for too long, and another run may be at work: see that it has ended, then "
                + "run it again")
    }

    /// What a program of coreutils on a node said, for example `mv: cannot stat '/x': Permission denied`.
    static func remote(_ operation: String, _ subject: String, _ text: String) -> NodeError {
        let cause = text.split(separator: ": ").last.map(String.init) ?? text
        let numbers = [
            EACCES, EPERM, ENOSPC, EDQUOT, EROFS, ELOOP, ENOTDIR, EISDIR, ENOTEMPTY, ENAMETOOLONG, EMFILE,
            EBUSY, EIO,
        ]
        guard let number = numbers.first(where: { String(cString: strerror($0)) == cause }) else {
            return NodeError(.system, operation: operation, subject: subject, underlying: text)
        }
        return .system(operation, subject, number)
    }
}
