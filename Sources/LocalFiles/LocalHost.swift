// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// The machine that the program runs on.
package enum LocalHost {
    /// The node name of uname(2).
    package static func name() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether the effective user is root.
    package static var isRoot: Bool { geteuid() == 0 }

    /// The effective user's id.
    package static var userID: UInt32 { geteuid() }

    /// Who runs the program, for a record: `user@host`; behind sudo the user who called it.
    package static var operatorName: String {
        let caller = isRoot ? environment("SUDO_USER") : nil
        let user = caller.flatMap { $0.isEmpty ? nil : $0 } ?? userName(geteuid()) ?? "\(geteuid())"
        return "\(user)@\(name())"
    }

    private static func userName(_ id: uid_t) -> String? {
        var (entry, found) = (passwd(), UnsafeMutablePointer<passwd>?.none)
        var buffer = [CChar](repeating: 0, count: 16 << 10)
        guard getpwuid_r(id, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return String(cString: entry.pw_name)
    }

    /// The clock, in whole seconds.
    package static func now() -> UnixTime { UnixTime(seconds: Int64(time(nil))) }

    /// Whether standard input and output are a terminal.
    package static var isInteractive: Bool { isatty(0) == 1 && isatty(1) == 1 }

    /// Whether a file descriptor is a terminal.
    package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Columns and rows of a terminal; nil where it does not say.
    package static func terminalSize(_ descriptor: Int32) -> (columns: Int, rows: Int)? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return nil
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// The value of an environment variable; nil where it is not set.
    package static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// User and group id of names or numbers as systemd's `User=` and `Group=` take them.
    /// - Parameter group: nil or empty for the user's own group.
    package static func owner(user: String, group: String) throws(NodeError) -> FileOwner {
        var userID: UInt32 = 0
        var groupID: UInt32 = 0
        if !user.isEmpty {
            if let entry = getpwnam(user) {
                (userID, groupID) = (entry.pointee.pw_uid, entry.pointee.pw_gid)
            } else if let number = UInt32(user) {
                userID = number
                groupID = getpwuid(number)?.pointee.pw_gid ?? number
            } else {
                throw .unknown(user: user)
            }
        }
        if !group.isEmpty {
            if let entry = getgrnam(group) {
                groupID = entry.pointee.gr_gid
            } else if let number = UInt32(group) {
                groupID = number
            } else {
                throw .unknown(group: group)
            }
        }
        return FileOwner(userID: userID, groupID: groupID)
    }

    /// The value of an environment variable; an empty one, as a script's unset variable gives it, counts as none.
    package static func setting(_ name: String) -> String? {
        environment(name).flatMap { $0.isEmpty ? nil : $0 }
    }
}
