// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// Appends to a private log file.
package enum LineAppender {
    /// Appends `text` in one write and syncs it, or nothing where that fails; the file is made with mode 0600.
    ///
    /// A killed run may have left its last line without the line feed. Where that line is whole, it gets one; else it
    /// is cut off, so that every line of the file is whole or damaged, and never the torn end of an append.
    /// - Parameter owner: of the file where it is made.
    /// - Parameter isWhole: whether the bytes of a line are all of it.
    package static func append(
        _ text: String, to path: String, owner: FileOwner? = nil, isWhole: ([UInt8]) -> Bool
    ) throws(NodeError) {
        let isNew = try FileStatus.of(path) == nil
        let file = try FileDescriptor.open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, mode: 0o600)
        if isNew, let owner { try file.give(to: owner) }
        let end = lseek(file.number, 0, SEEK_END)
        guard end >= 0 else { throw NodeError.system("append to", path) }
        let tail = try tail(of: file, end: end)
        let isKept = tail.isEmpty || isWhole(tail)
        if !isKept {
            guard retrying({ ftruncate(file.number, end - tail.count) }) == 0 else {
                throw NodeError.system("cut the torn last line off", path)
            }
        }
        do throws(NodeError) {
            try FileContent.text((tail.isEmpty || !isKept ? "" : "\n") + text).write(to: file)
            try file.sync()
        } catch {
            // A full disk takes a part of a line. What is not removed now is cut off by the next append.
            _ = ftruncate(file.number, isKept ? end : end - tail.count)
            throw error
        }
        if isNew { try AtomicFileWriter.syncDirectory(AtomicFileWriter.split(path).directory) }
    }

    /// What stands behind the last line feed.
    private static func tail(of file: borrowing FileDescriptor, end: off_t) throws(NodeError) -> [UInt8] {
        var (tail, start): ([UInt8], off_t) = ([], end)
        while start > 0 {
            let size = min(start, 4096)
            var chunk = [UInt8](repeating: 0, count: size)
            let count = chunk.withUnsafeMutableBytes { buffer in
                retrying { pread(file.number, buffer.baseAddress, size, start - size) }
            }
            guard count == size else { throw NodeError.system("read", file.path) }
            if let feed = chunk.lastIndex(of: 0x0a) { return chunk[(feed + 1)...] + tail }
            tail = chunk + tail
            start -= size
        }
        return tail
    }
}
