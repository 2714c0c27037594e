// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// A program that reads one input and writes one output, run without a shell and in a session of its own: it has no
/// terminal to ask questions at, and what it starts ends with it.
package struct PipedProgram: Sendable {
    /// A name on the PATH, or a path.
    package let program: String
    package let arguments: [String]
    /// After that long it is killed.
    package let timeoutSeconds: Int

    /// How much it may write to its standard output, and to its standard error.
    package static let mostBytes = 1 << 20

    package enum Ending: Sendable, Equatable {
        case exited(Int32)
        case signaled(Int32)
        case timedOut
        /// It wrote more than `mostBytes`.
        case wroteTooMuch
    }

    package struct Result: Sendable {
        package let ending: Ending
        package let output: [UInt8]
        /// Its last lines.
        package let errors: [String]
    }

    package init(_ program: String, _ arguments: [String], timeoutSeconds: Int) {
        (self.program, self.arguments, self.timeoutSeconds) = (program, arguments, timeoutSeconds)
    }

    /// Runs it to the end; blocks.
    /// - Parameter input: what it can read from its standard input.
    /// - Throws: `node/command` where it cannot be started.
    package func run(input: [UInt8]) throws(NodeError) -> Result {
        let standardInput = try inputFile(input)
        let (output, errors) = (try Pipe(program), try Pipe(program))
        let pid = try OwnSession.spawn(
            program, arguments, files: [standardInput.number, output.end, errors.end],
            hint: "check that \(program) is installed and may be executed")
        output.closeEnd()
        errors.closeEnd()
        let ending = watch(pid, output, errors)
        return Result(ending: ending, output: output.bytes, errors: Self.lines(errors.bytes))
    }

    // MARK: - Its three files

    /// A file without a name, so that a program that does not read it all blocks nobody.
    private func inputFile(_ input: [UInt8]) throws(NodeError) -> FileDescriptor {
        let number = try OwnSession.namelessFile(for: program)
        let file = FileDescriptor(owning: number, path: "the input of \(program)")
        let failure = input.withUnsafeBytes { bytes -> NodeError? in
            do throws(NodeError) {
                try file.write(bytes)
                return nil
            } catch { return error }
        }
        if let failure { throw failure }
        guard lseek(number, 0, SEEK_SET) == 0 else { throw .system("rewind a file for", program) }
        return file
    }

    /// What the program writes to one of its descriptors.
    private final class Pipe {
        /// Ours, to read from; -1 at its end.
        private(set) var number: Int32
        private(set) var end: Int32
        private(set) var bytes: [UInt8] = []

        init(_ program: String) throws(NodeError) {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw .system("make a pipe for", program) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            (number, end) = (ends[0], ends[1])
        }

        deinit {
            closeEnd()
            closeOurs()
        }

        func closeEnd() {
            if end >= 0 { _ = close(end) }
            end = -1
        }

        func closeOurs() {
            if number >= 0 { _ = close(number) }
            number = -1
        }

        /// - Returns: false once it holds more than it may.
        func read() -> Bool {
            var buffer = [UInt8](repeating: 0, count: 65536)
            let count = Glibc.read(number, &buffer, buffer.count)
            if count > 0 { bytes += buffer[..<count] }
            if count == 0 || count < 0 && errno != EINTR && errno != EAGAIN { closeOurs() }
            return bytes.count <= PipedProgram.mostBytes
        }
    }

    // MARK: - Its life

    /// How long what it started may keep its output open after its own end; milliseconds.
    private static let afterEnd = 1000

    /// Reads until both outputs have ended and the program too; kills its session where that takes too long.
    private func watch(_ pid: pid_t, _ output: Pipe, _ errors: Pipe) -> Ending {
        let clock = ContinuousClock()
        var deadline = clock.now.advanced(by: .seconds(timeoutSeconds))
        var (hasEnded, failure) = (false, Ending?.none)
        while failure == nil, !hasEnded || output.number >= 0 || errors.number >= 0 {
            if !hasEnded, Self.hasEnded(pid) {
                hasEnded = true
                deadline = min(deadline, clock.now.advanced(by: .milliseconds(Self.afterEnd)))
            }
            if clock.now >= deadline {
                if !hasEnded { failure = .timedOut }
                break
            }
            var files = [output, errors].map { pollfd(fd: $0.number, events: Int16(POLLIN), revents: 0) }
            _ = poll(&files, nfds_t(files.count), 20)
            for (file, pipe) in zip(files, [output, errors]) where pipe.number >= 0 && file.revents != 0 {
                if !pipe.read() { failure = .wroteTooMuch }
            }
        }
        // Before it is waited for: until then nobody else can have its number.
        _ = kill(-pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        if let failure { return failure }
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .signaled(signal)
    }

    /// Whether it has ended; it is not waited for, so its number stays its own.
    private static func hasEnded(_ pid: pid_t) -> Bool {
        var info = siginfo_t()
        return waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_signo == SIGCHLD
    }

    /// The last lines of what it says of its own troubles.
    private static func lines(_ bytes: [UInt8]) -> [String] {
        String(decoding: bytes.suffix(2048), as: UTF8.self).split(whereSeparator: \.isNewline)
            .filter { !$0.allSatisfy(\.isWhitespace) }.suffix(8).map(String.init)
    }
}
