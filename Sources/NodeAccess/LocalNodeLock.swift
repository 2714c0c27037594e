// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
import Values

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
