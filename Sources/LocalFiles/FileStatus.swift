// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// What lstat(2) says of a path.
package struct FileStatus: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case regular
        case directory
        case symbolicLink
        case other
    }

    package let kind: Kind
    /// Permission bits, at most 0o7777.
    package let mode: UInt32
    package let userID: UInt32
    package let groupID: UInt32
    /// Bytes.
    package let size: Int64
    package let inode: UInt64
    /// `st_dev` as the C library encodes it.
    package let device: UInt64
    /// How many names it has (hard links).
    package let links: UInt64

    init(_ status: stat) {
        self.init(
            rawMode: status.st_mode, userID: status.st_uid, groupID: status.st_gid,
            size: Int64(status.st_size), inode: UInt64(status.st_ino), device: UInt64(status.st_dev),
            links: UInt64(status.st_nlink))
    }

    /// - Parameter rawMode: `st_mode`, type and permissions.
    package init(
        rawMode: UInt32, userID: UInt32, groupID: UInt32, size: Int64, inode: UInt64, device: UInt64,
        links: UInt64
    ) {
        kind =
            switch rawMode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            default: .other
            }
        mode = rawMode & 0o7777
        self.userID = userID
        self.groupID = groupID
        self.size = size
        self.inode = inode
        self.device = device
        self.links = links
    }

    /// Status of `path` itself, not of what a link points to.
    /// - Returns: nil where nothing is there.
    package static func of(_ path: String) throws(NodeError) -> FileStatus? {
        var status = stat()
        if lstat(path, &status) == 0 { return FileStatus(status) }
        let number = errno
        if number == ENOENT || number == ENOTDIR { return nil }
        throw .system("look at", path, number)
    }
}
