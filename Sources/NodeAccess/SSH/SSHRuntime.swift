// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
import Values

/// A private directory of this run for ssh's control sockets and pinned host keys; short, since a socket's path has
/// room for 107 bytes only.
package final class SSHRuntime: Sendable {
    private let path: String
    /// Held while the run goes on: the number of a process says nothing to one in another container. nil where the file
    /// system has no such locks.
    private let lock: AdvisoryLock?

    /// Makes the directory, and removes those of runs that were killed.
    package init() throws(NodeError) {
        let stem = "/tmp/aggbootstrap-ssh-\(geteuid())-"
        Self.sweep(stem)
        (path, lock) = try Self.make(stem)
    }

    private static func make(_ stem: String) throws(NodeError) -> (String, AdvisoryLock?) {
        var attempts = 0
        while true {
            var template = Array("\(stem)\(getpid())-XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else { throw .system("make a directory like", "\(stem)XXXXXX") }
            let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            attempts += 1
            do throws(NodeError) {
                let lock = try AdvisoryLock.onDirectory(path)
                if try FileStatus.of(path) != nil { return (path, lock) }
            } catch {
                // Swept away by another run in the moment before it was locked.
                let isSwept = error.code == .locked || (try? FileStatus.of(path)) == .some(nil)
                guard isSwept, attempts < 5 else { throw error }
            }
        }
    }

    deinit { try? AtomicFileWriter.removeTree(path) }

    func controlPath(_ node: SSHDestination) -> String { "\(path)/\(Self.short(node.name)).ctl" }

    func knownHostsFile(_ node: SSHDestination) -> String { "\(path)/\(Self.short(node.name)).hosts" }

    /// Writes the pinned host key where there is one.
    func prepare(_ node: SSHDestination) throws(NodeError) {
        guard let line = node.knownHostsLine else { return }
        try AtomicFileWriter.write(knownHostsFile(node), .text(line), mode: 0o600)
    }

    /// A node's name may have 253 characters: its first ones, and a number for all of them (FNV-1a).
    private static func short(_ name: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return "\(name.prefix(16))-\(String(hash, radix: 36))"
    }

    private static func sweep(_ stem: String) {
        let prefix = String(stem.dropFirst("/tmp/".count))
        for name in (try? FileReader.list("/tmp")) ?? [] where name.hasPrefix(prefix) {
            let number = name.dropFirst(prefix.count).prefix { $0 != "-" }
            guard let pid = pid_t(number), kill(pid, 0) != 0, errno == ESRCH,
                let status = try? FileStatus.of("/tmp/\(name)"), status.kind == .directory,
                status.userID == geteuid(), status.mode == 0o700
            else { continue }
            let lock: AdvisoryLock?
            do { lock = try AdvisoryLock.onDirectory("/tmp/\(name)") } catch { continue }
            withExtendedLifetime(lock) { try? AtomicFileWriter.removeTree("/tmp/\(name)") }
        }
    }
}
