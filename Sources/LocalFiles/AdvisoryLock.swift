// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// A flock(2) that is held until the value goes away or the process ends, however it ends.
package final class AdvisoryLock: Sendable {
    private let file: FileDescriptor

    /// Takes the lock on `path` at once or not at all; the file is made where it is missing.
    /// - Parameter owner: of the file where it is made.
    /// - Throws: `node/locked`, whose text is what the holder wrote about itself; a system error otherwise.
    package init(path: String, owner: FileOwner? = nil) throws(NodeError) {
        // Until it is stored, the descriptor alone is let go where this fails: `deinit` is for a lock that is held.
        let isNew = try FileStatus.of(path) == nil
        let file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
        if isNew, let owner { try file.give(to: owner) }
        guard Self.take(file.number) else {
            let cause = errno
            guard cause == EWOULDBLOCK else { throw .system("lock", path, cause) }
            let said = (try? FileReader.read(path, limit: 4096)).flatMap { $0 } ?? []
            let holder = SafeText.line(String(decoding: said.prefix { $0 != 0x0a }, as: UTF8.self))
            throw NodeError(
                .locked, operation: "lock", subject: path,
                underlying: Self.text(holder),
                origin: .errno(cause), hint: "wait until it has ended; the lock ends with its process")
        }
        // What a holder wrote that was killed is no word about this one.
        Self.empty(file.number)
        self.file = file
    }

    /// - Parameter holder: as `announce` writes it.
    private static func text(_ holder: String) -> Message {
        let words = holder.split(separator: " ")
        return switch words.count {
        case 0: "locked by another aggbootstrap that has not changed anything yet"
        case 5 where words[1] == "on" && words[3] == "since":
            "locked by \(words[0]) on \(words[2]) since \(words[4])"
        default: "locked by \(holder)"
        }
    }

    /// Takes the lock at once or not at all, but for those who only look whether it is held.
    /// - Returns: false with `errno` set.
    private static func take(_ number: Int32) -> Bool {
        for _ in 0..<100 {
            if retrying({ flock(number, LOCK_EX | LOCK_NB) }) == 0 { return true }
            guard errno == EWOULDBLOCK else { return false }
            guard retrying({ flock(number, LOCK_SH | LOCK_NB) }) == 0 else { return false }
            // Nobody holds it alone: a process that only looks lets it go at once.
            usleep(1000)
        }
        _ = flock(number, LOCK_UN)
        errno = EWOULDBLOCK
        return false
    }

    private static func empty(_ number: Int32) {
        var status = stat()
        if fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 {
            _ = ftruncate(number, 0)
        }
    }

    /// What the process that holds the lock has written about itself.
    /// - Returns: nil where nobody holds it, and where its holder has not changed anything yet.
    package static func holder(of path: String) throws(NodeError) -> String? {
        guard let said = try FileReader.read(path, limit: 4096), !said.isEmpty else { return nil }
        let file = try FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW)
        if retrying({ flock(file.number, LOCK_SH | LOCK_NB) }) == 0 {
            _ = flock(file.number, LOCK_UN)
            return nil
        }
        guard errno == EWOULDBLOCK else { throw .system("lock", path) }
        return SafeText.line(String(decoding: said.prefix { $0 != 0x0a }, as: UTF8.self))
    }

    /// Takes the lock on a directory that is there, at once or not at all; nothing is written into it.
    /// - Returns: nil where the file system has no such locks.
    /// - Throws: `node/locked`; a system error otherwise.
    package static func onDirectory(_ path: String) throws(NodeError) -> AdvisoryLock? {
        let file = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        guard retrying({ flock(file.number, LOCK_EX | LOCK_NB) }) == 0 else {
            let cause = errno
            // A network's file system wants a file that is open for writing.
            if [EBADF, EINVAL, ENOLCK, EOPNOTSUPP, ENOSYS].contains(cause) { return nil }
            guard cause == EWOULDBLOCK else { throw .system("lock", path, cause) }
            throw NodeError(
                .locked, operation: "lock", subject: path, underlying: "locked by another aggbootstrap",
                origin: .errno(cause), hint: "wait until it has ended; the lock ends with its process")
        }
        return AdvisoryLock(holding: file)
    }

    private init(holding file: consuming FileDescriptor) { self.file = file }

    /// Writes who holds the lock, for those who find it taken; called before the first change.
    package func announce(now: UnixTime) throws(NodeError) {
        let text = "\(getpid()) on \(LocalHost.name()) since \(now)"
        guard ftruncate(file.number, 0) == 0 else { throw .system("write", file.path) }
        let bytes = Array(text.utf8)
        let written = retrying { pwrite(file.number, bytes, bytes.count, 0) }
        guard written > 0 else { throw .system("write", file.path) }
    }

    /// Whether a lock's file holds what `announce` writes, or nothing.
    package static func isHolder(_ text: [UInt8]) -> Bool {
        let words = text.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        if text.isEmpty { return true }
        return words.count == 5 && !words[0].isEmpty && words[0].allSatisfy { (0x30...0x39).contains($0) }
            && words[1].elementsEqual("on".utf8) && words[3].elementsEqual("since".utf8)
    }

    deinit {
        // The next holder has not said who it is until it changes something.
        Self.empty(file.number)
        // Closing alone would leave it to a child that is between its fork and its exec.
        _ = flock(file.number, LOCK_UN)
    }
}
