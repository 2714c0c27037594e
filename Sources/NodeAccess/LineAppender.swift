// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Appends to a private log file.
package enum LineAppender {
    /// Appends `text` in one write and syncs it; the file is made with mode 0600. A line that a killed run left
    /// without its end gets one first.
    package static func append(_ text: String, to path: String) throws(NodeError) {
        let isNew = try FileStatus.of(path) == nil
        let file = try FileDescriptor.open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, mode: 0o600)
        let end = lseek(file.number, 0, SEEK_END)
        guard end >= 0 else { throw NodeError.system("append to", path) }
        var last: UInt8 = 0x0a
        if end > 0 {
            let count = retrying { pread(file.number, &last, 1, end - 1) }
            guard count == 1 else { throw NodeError.system("read", path) }
        }
        try FileContent.text((last == 0x0a ? "" : "\n") + text).write(to: file)
        try file.sync()
        if isNew { try AtomicFileWriter.syncDirectory(AtomicFileWriter.split(path).directory) }
    }
}
