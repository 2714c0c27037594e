// SPDX-License-Identifier: Apache-2.0

/// The files that a process watches with inotify, as /proc/PID/fdinfo tells (proc(5)).
///
/// A kube-apiserver from 1.23 on reloads a certificate file when its watch on it fires; a file that was replaced
/// without that stays unwatched, and every later change is missed.
package struct InotifyWatches: Sendable, Equatable {
    /// A file as stat(2) identifies it.
    package struct File: Sendable, Hashable {
        package let inode: UInt64
        /// `st_dev`.
        package let device: UInt64

        package init(inode: UInt64, device: UInt64) {
            self.inode = inode
            self.device = device
        }
    }

    package enum Coverage: Sendable, Equatable {
        case watched
        /// Every inode number is watched, but on another device number: overlayfs and btrfs show stat(2) a device
        /// that the kernel's watch list does not use.
        case watchedByInodeOnly
        case missing([File])
    }

    private let watched: Set<File>

    /// - Parameter fdinfo: the content of each file of /proc/PID/fdinfo; those without watches do no harm.
    package init(fdinfo: [String]) {
        var watched: Set<File> = []
        for line in fdinfo.joined(separator: "\n").split(separator: "\n") where line.hasPrefix("inotify ") {
            var values: [Substring: UInt64] = [:]
            for field in line.split(separator: " ") {
                let parts = field.split(separator: ":", maxSplits: 1)
                if parts.count == 2 { values[parts[0]] = UInt64(parts[1], radix: 16) }
            }
            guard let inode = values["ino"], let device = values["sdev"] else { continue }
            watched.insert(File(inode: inode, device: Self.statDevice(ofKernel: device)))
        }
        self.watched = watched
    }

    package var isEmpty: Bool { watched.isEmpty }

    package func coverage(of files: [File]) -> Coverage {
        if files.allSatisfy(watched.contains) { return .watched }
        let inodes = Set(watched.map(\.inode))
        let missing = files.filter { !inodes.contains($0.inode) }
        return missing.isEmpty ? .watchedByInodeOnly : .missing(missing)
    }

    /// Whether a file is watched that is none of these, by inode number.
    package func hasOthers(than files: [File]) -> Bool {
        !Set(watched.map(\.inode)).isSubset(of: files.map(\.inode))
    }

    /// The kernel's own dev_t has 20 bits of minor number; stat(2)'s has its 12 bits of major in the middle.
    private static func statDevice(ofKernel device: UInt64) -> UInt64 {
        let (major, minor) = (device >> 20, device & 0xfffff)
        return (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~0xff) << 12 | (major & ~0xfff) << 32
    }
}
