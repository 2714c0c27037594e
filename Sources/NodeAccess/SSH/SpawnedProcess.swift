// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
import Synchronization
import Values

/// A program that runs beside this one with one socket as its standard input and output, in a session of its own: a ^C
/// at the operator's terminal is for this program to deal with, not for the connections that it works through.
///
/// swift-subprocess ties a program's pipes to the time of a closure; a connection outlives many of them.
final class SpawnedProcess: Sendable {
    /// Our end of the socket; nil once it was closed or handed over.
    private let socket: Mutex<SharedDescriptor?>
    private let errors: SharedDescriptor
    private let process: Mutex<pid_t?>
    private let program: String

    /// - Throws: `node/command` where the program cannot be started.
    init(_ program: String, _ arguments: [String]) throws(NodeError) {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0
        else {
            throw .system("make a socket for", program)
        }
        let (errors, pid): (SharedDescriptor, pid_t)
        do throws(NodeError) {
            // What the program says of its own troubles.
            errors = SharedDescriptor(owning: try OwnSession.namelessFile(for: program), name: program)
            pid = try errors.lend { (number) throws(NodeError) in
                try OwnSession.spawn(
                    program, arguments, files: [ends[1], ends[1], number],
                    hint: "install \(program) (Debian: openssh-client)")
            }
        } catch {
            for end in ends { _ = close(end) }
            throw error
        }
        _ = close(ends[1])
        socket = Mutex(SharedDescriptor(owning: ends[0], name: program))
        self.errors = errors
        self.program = program
        process = Mutex(pid)
    }

    deinit { end() }

    /// Lends our end of the socket, which stays open for that time; -1 once it was closed or handed over.
    func withSocket<R, E: Error>(_ body: (Int32) throws(E) -> R) throws(E) -> R {
        guard let socket = socket.withLock({ $0 }) else { return try body(-1) }
        return try socket.lend(body)
    }

    /// Hands our end of the socket over to the caller, who closes it; the program ends when that is closed. -1 where it
    /// was closed or handed over before.
    func takeSocket() -> Int32 { letGo()?.duplicate() ?? -1 }

    private func letGo() -> SharedDescriptor? {
        socket.withLock { socket in
            defer { socket = nil }
            return socket
        }
    }

    /// What the program has written to its standard error so far: at most the last 4,096 bytes, a line each.
    func errorLines() -> [String] {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = errors.lend { number in
            var status = stat()
            guard fstat(number, &status) == 0 else { return -1 }
            let start = max(0, status.st_size - off_t(bytes.count))
            return retrying { pread(number, &bytes, bytes.count, start) }
        }
        guard count > 0 else { return [] }
        return String(decoding: bytes[..<count], as: UTF8.self)
            .split(whereSeparator: \.isNewline)
            .map { $0.trimmingSuffix { $0 == "\r" || $0 == " " } }.map(String.init)
            .filter { !$0.isEmpty }
    }

    /// Whether the program has ended; asked without waiting.
    func hasEnded() -> Bool {
        process.withLock { pid in
            guard let number = pid else { return true }
            var status: Int32 = 0
            let ended = waitpid(number, &status, WNOHANG)
            guard ended == number || ended < 0 && errno == ECHILD else { return false }
            pid = nil
            return true
        }
    }

    /// The program's process; nil once it has ended.
    var processID: Int32? { process.withLock { $0 } }

    /// Ends the program at once.
    func kill() {
        if let pid = processID { _ = Glibc.kill(pid, SIGKILL) }
        end()
    }

    /// Waits until the program has ended by itself.
    func waitForEnd(seconds: Int) {
        for _ in 0..<seconds * 100 where !hasEnded() { usleep(10_000) }
    }

    /// Closes our end of the socket, which ends the program, and waits a moment for that; then it is killed.
    func end() {
        // A user of it sees its end.
        letGo()?.lend { number in _ = shutdown(number, Int32(SHUT_RDWR)) }
        waitForEnd(seconds: 1)
        guard
            let pid = process.withLock({ pid in
                defer { pid = nil }; return pid
            })
        else { return }
        var status: Int32 = 0
        _ = Glibc.kill(pid, SIGKILL)
        _ = retrying { waitpid(pid, &status, 0) }
    }
}

extension Substring {
    fileprivate func trimmingSuffix(while isDropped: (Character) -> Bool) -> Substring {
        guard let end = lastIndex(where: { !isDropped($0) }) else { return "" }
        return self[...end]
    }
}
