// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
import Values

/// A node's lock for the time of a rollout; let go with the value, and by the node itself when the holder has been
/// silent for half a minute.
package protocol NodeLock: Sendable {
    func release()
}

extension NodeError {
    /// The node's lock is taken.
    static func taken(_ holder: String) -> NodeError {
        NodeError(
            .locked, operation: "lock", subject: "the node",
            underlying: holder.isEmpty ? "locked by another aggbootstrap" : "locked by \(holder)",
            hint:
                "wait until it has ended; the node releases the lock half a minute after the connection is lost"
        )
    }

    static func lockLost(_ operation: Message, _ subject: String, _ node: String) -> NodeError {
        NodeError(
            .lockLost, operation: operation, subject: subject,
            underlying: "the lock of \(node) is lost",
            hint:
                "the connection was silent for too long, and another run may be in progress: wait until it has ended, then "
                + "run it again")
    }

    /// What a program of coreutils on a node said, for example `mv: cannot stat '/x': Permission denied`.
    static func remote(_ operation: Message, _ subject: String, _ text: String) -> NodeError {
        let cause = text.split(separator: ": ").last.map(String.init) ?? text
        let numbers = [
            EACCES, EPERM, ENOSPC, EDQUOT, EROFS, ELOOP, ENOTDIR, EISDIR, ENOTEMPTY, ENAMETOOLONG, EMFILE,
            EBUSY, EIO,
        ]
        guard let number = numbers.first(where: { String(cString: strerror($0)) == cause }) else {
            return NodeError(
                .system, operation: operation, subject: subject, underlying: Message(verbatim: text))
        }
        return .system(operation, subject, number)
    }
}
