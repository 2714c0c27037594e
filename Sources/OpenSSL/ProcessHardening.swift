// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc
import Values

/// Keeps private keys in this process's memory out of files and out of other processes.
package enum ProcessHardening {
    /// Sets the core size limit (soft and hard) to 0: a core file would hold private keys.
    package static func forbidCoreFiles() throws(PKIError) {
        var limit = rlimit(rlim_cur: 0, rlim_max: 0)
        guard setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0 else {
            throw system("set", "the core size limit")
        }
    }

    /// Makes the process not dumpable, which its children do not inherit: no core file is written, and other processes
    /// of the same user can neither trace this one nor read its memory through /proc.
    package static func forbidTracing() throws(PKIError) {
        guard aggbootstrap_set_not_dumpable() == 0 else { throw system("forbid", "memory dumps") }
    }

    /// Makes libcrypto wipe all memory that it frees: its key decoders leave copies of private keys behind.
    ///
    /// Must come before any other use of libcrypto or libssl in the process; throws `.openSSL` after one.
    package static func wipeFreedMemory() throws(PKIError) {
        guard aggbootstrap_wipe_freed_memory() == 1 else {
            throw PKIError(
                .openSSL, operation: "replace", subject: "libcrypto's memory functions",
                underlying: "it has allocated memory already")
        }
    }

    /// Whether the kernel would write this process's memory to a core file, or let another one trace it.
    package static var isDumpable: Bool { aggbootstrap_get_dumpable() != 0 }

    private static func system(_ operation: Message, _ subject: String) -> PKIError {
        PKIError(
            .system, operation: operation, subject: subject, underlying: Message(system: strerror(errno)))
    }
}
