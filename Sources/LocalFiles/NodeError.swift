// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// What can fail on a node's files and with programs there.
package enum NodeErrorCode: String, ErrorCode {
    case system = "node/system"
    case symbolicLink = "node/symbolic-link"
    case notRegular = "node/not-regular"
    /// A name that is not UTF-8: as text it would be another one.
    case notText = "node/not-text"
    case tooLarge = "node/too-large"
    /// It is no archive that can be read.
    case notArchive = "node/not-archive"
    case notPrivate = "node/not-private"
    case unknownUser = "node/unknown-user"
    case locked = "node/locked"
    case command = "node/command"
    /// ssh does not get to the node.
    case unreachable = "node/unreachable"
    /// The node's host key is unknown, or another than the known or pinned one.
    case hostKey = "node/host-key"
    /// The node does not let the user in, or the user may not become root there.
    case login = "node/login"
    /// The connection broke: what was under way on the node may have been done or not.
    case connectionLost = "node/connection-lost"
    /// The node's lock is no longer ours: another run may be changing the node.
    case lockLost = "node/lock-lost"

    package var reportedStatus: ExitStatus { self == .locked ? .locked : .failed }

    /// Every error has something.
    package func usualHint(on subject: Message) -> Message? {
        switch self {
        case .system: "look at \(subject) and the file system that holds it, then run it again"
        case .symbolicLink: "replace it by what it leads to"
        case .notRegular: "replace it by a plain file, or use another path"
        case .notText: "give it a name that is UTF-8"
        case .tooLarge, .notArchive: "check that it is the right file"
        case .notPrivate: "run chmod 0600 on it, as its owner"
        case .unknownUser: "create it on the node"
        case .locked, .lockLost: "wait until the other run has ended, then run it again"
        case .command: "run \(subject) by hand to see why it fails"
        case .unreachable, .hostKey, .login, .connectionLost: "try ssh -v to the node by hand"
        }
    }
}

/// Why something could not be done on a node's files, or a program there could not be run.
package typealias NodeError = CodedError<NodeErrorCode>

extension NodeError {
    /// The error of a system call that has just failed on `subject`.
    package static func system(_ operation: Message, _ subject: Message, _ number: Int32 = Glibc.errno)
        -> NodeError
    {
        NodeError(
            .system, operation: operation, subject: subject, underlying: Message(system: strerror(number)),
            origin: .errno(number),
            hint: hint(for: number, subject))
    }

    @_disfavoredOverload
    package static func system(_ operation: Message, _ subject: String, _ number: Int32 = Glibc.errno)
        -> NodeError
    {
        system(operation, Message(verbatim: subject), number)
    }

    /// What to do about a failed system call; nil where its number does not tell.
    static func hint(for number: Int32, _ subject: Message) -> Message? {
        switch number {
        case EACCES: "run it as root, or as the owner of \(subject)"
        case EPERM:
            "run it as root; if root may not do it either, lsattr \(subject) tells whether it is immutable (i), and chattr -i \(subject) ends that"
        case ENOSPC, EDQUOT: "free some space on the file system that holds \(subject), then run it again"
        case EROFS: "the file system that holds \(subject) is mounted read-only; remount it read-write"
        case ELOOP:
            "symbolic links there form a loop: look at them with namei \(subject), and replace them by a file or directory"
        case ENOTDIR: "it, or a directory above it, is a file: move that file away, or use another path"
        case EISDIR: "it is a directory: move it away, or use another path"
        case EEXIST, ENOTEMPTY: "look at what exists there, and move it away"
        case ENOENT: "create the directory that holds \(subject), then run it again"
        case ENAMETOOLONG: "use a shorter path"
        case EMFILE, ENFILE: "raise the limit of open files (ulimit -n), then run it again"
        case EBUSY: "find out what uses \(subject) (fuser -vm \(subject)), then run it again"
        case EIO: "check the disk and its file system: dmesg says what is wrong"
        default: nil
        }
    }

    package static func notText(_ operation: Message, _ subject: String, _ why: Message) -> NodeError {
        NodeError(
            .notText, operation: operation, subject: subject, underlying: why,
            hint: "give it a name that is UTF-8")
    }

    package static func noDigest(_ path: String) -> NodeError {
        NodeError(.system, operation: "digest", subject: path, underlying: "no SHA-256")
    }

    /// A user that the machine does not know.
    package static func unknown(user name: String) -> NodeError {
        NodeError(
            .unknownUser, operation: "find the user", subject: name, underlying: "no such user",
            hint: "create the user that the unit's User= names")
    }

    /// A group that the machine does not know.
    package static func unknown(group name: String) -> NodeError {
        NodeError(
            .unknownUser, operation: "find the group", subject: name, underlying: "no such group",
            hint: "create the group that the unit's Group= names")
    }
}
