// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Appends to a file of another program's, such as the summary of a CI job.
package enum PlainAppend {
    /// The file is made with mode 0644 where there is none; nothing is synced.
    package static func append(_ text: String, to path: String) throws(NodeError) {
        let file = try FileDescriptor.open(path, O_WRONLY | O_APPEND | O_CREAT, mode: 0o644)
        try FileContent.text(text).write(to: file)
    }
}
