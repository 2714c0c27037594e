// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A descriptor that several use, closed when the last of them lets go: a number that one of them closed could be another
/// file by the time that the next one writes to it.
package final class SharedDescriptor: Sendable {
    private let file: FileDescriptor

    package init(owning number: Int32, name: String) { file = FileDescriptor(owning: number, path: name) }

    init(_ file: consuming FileDescriptor) { self.file = file }

    func sync() throws(NodeError) { try file.sync() }

    /// Lends the number for the time of `body`, in which it stays open.
    package func lend<R, E: Error>(_ body: (Int32) throws(E) -> R) throws(E) -> R { try body(file.number) }

    /// A number of its own for the same file; the caller closes it. -1, with `errno`, where there is none left.
    package func duplicate() -> Int32 { fcntl(file.number, F_DUPFD_CLOEXEC, 0) }
}
