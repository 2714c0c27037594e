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
        // What the program says of its own troubles; a file, which never fills up and blocks it, and has no name.
        var template = Array("/tmp/aggbootstrap-stderr-XXXXXX".utf8CString)
        let errors = mkstemp(&template)
        if errors >= 0 {
            _ = unlink(template)
            _ = fcntl(errors, F_SETFD, FD_CLOEXEC)
        }
        guard errors >= 0 else {
            let cause = errno
            for end in ends { _ = close(end) }
            throw .system("make a file for", program, cause)
        }
        var pid: pid_t = 0
        let result = Self.spawn(&pid, program, arguments, socket: ends[1], errors: errors)
        _ = close(ends[1])
        guard result == 0 else {
            _ = close(ends[0])
            _ = close(errors)
            throw NodeError(
                .command, operation: "run", subject: program, underlying: String(cString: strerror(result)),
                origin: .errno(result), hint: "install \(program) (Debian: openssh-client)")
        }
        socket = Mutex(SharedDescriptor(owning: ends[0], name: program))
        self.errors = SharedDescriptor(owning: errors, name: program)
        self.program = program
        process = Mutex(pid)
    }

    deinit { end() }

    private static func spawn(
        _ pid: inout pid_t, _ program: String, _ arguments: [String], socket: Int32, errors: Int32
    ) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, socket, 0)
        posix_spawn_file_actions_adddup2(&actions, socket, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        // Signals that this program ignores or blocks would stay so in the new one.
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK) | Self.newSession)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        defer { for word in words { free(word) } }
        words.append(nil)
        return posix_spawnp(&pid, program, &actions, &attributes, words, environ)
    }

    /// POSIX_SPAWN_SETSID of glibc's spawn.h, which Swift does not import.
    private static let newSession: Int16 = 0x80

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
        // Whoever uses it at the moment sees its end.
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
