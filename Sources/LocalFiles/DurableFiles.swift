// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// Writes new files and makes their content durable: all are written before the first is waited for, so that a file
/// system with a journal commits them together.
enum DurableFiles {
    /// So many are open at once.
    private static let most = 128

    /// - Parameter paths: where each of `files` is written; nothing is there yet.
    /// - Throws: after which some may be there.
    static func write(_ files: [FileWrite], at paths: [String]) throws(NodeError) {
        for start in stride(from: 0, to: files.count, by: most) {
            let part = start..<min(start + most, files.count)
            // Open until they are synced: an error of the disk is told to those who had the file open then.
            var written: [SharedDescriptor] = []
            for index in part { written.append(try write(files[index], to: paths[index])) }
            for file in written { try file.sync() }
            for index in part {
                guard try files[index].content.isIn(paths[index]) else { throw unequal(files[index].path) }
            }
        }
    }

    private static func write(_ file: FileWrite, to path: String) throws(NodeError) -> SharedDescriptor {
        let open = try FileDescriptor.open(
            path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode_t(file.mode))
        if let owner = file.owner { try open.give(to: owner) }
        // After fchown, which clears set-id bits, and against the umask.
        guard fchmod(open.number, mode_t(file.mode)) == 0 else { throw .system("change the mode of", path) }
        try file.content.write(to: open)
        // Linux begins to write it, and so finds blocks for all files before the first commit; `sync` says what came of it.
        _ = posix_fadvise(open.number, 0, 0, POSIX_FADV_DONTNEED)
        return SharedDescriptor(open)
    }

    private static func unequal(_ path: String) -> NodeError {
        NodeError(
            .system, operation: "write", subject: path,
            underlying: "the file does not hold what was written",
            hint: "check the disk and its file system (dmesg); nothing was replaced")
    }
}
