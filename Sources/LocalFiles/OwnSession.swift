// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// Programs that run in a session of their own: a ^C at the operator's terminal does not reach them, and they have no
/// terminal to ask questions at.
package enum OwnSession {
    /// POSIX_SPAWN_SETSID of glibc's spawn.h, which Swift does not import.
    private static let newSession: Int16 = 0x80

    /// Starts a program.
    /// - Parameters:
    ///   - program: a name on the PATH, or a path.
    ///   - files: descriptors that become its standard input, output and error, in this order.
    ///   - hint: what to do where it cannot be started.
    /// - Returns: its process.
    /// - Throws: `node/command`.
    package static func spawn(
        _ program: String, _ arguments: [String], files: [Int32], hint: Message
    ) throws(NodeError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for (standard, number) in files.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, number, Int32(standard))
        }
        // Signals that this program ignores or blocks would stay so in the new one.
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK) | newSession)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        defer { for word in words { free(word) } }
        words.append(nil)
        var pid: pid_t = 0
        let cause = posix_spawnp(&pid, program, &actions, &attributes, words, environ)
        guard cause == 0 else {
            throw NodeError(
                .command, operation: "run", subject: program, underlying: Message(system: strerror(cause)),
                origin: .errno(cause), hint: hint)
        }
        return pid
    }

    /// A file without a name, to read and write: it never fills up as a pipe does.
    package static func namelessFile(for program: String) throws(NodeError) -> Int32 {
        var template = Array("/tmp/aggbootstrap-XXXXXX".utf8CString)
        let number = mkstemp(&template)
        guard number >= 0 else { throw .system("make a file for", program) }
        _ = unlink(template)
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        return number
    }
}
