// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// An open file that is closed when it goes out of scope.
package struct FileDescriptor: ~Copyable {
    package let number: Int32
    let path: String

    init(owning number: Int32, path: String) {
        self.number = number
        self.path = path
    }

    deinit { _ = close(number) }

    package static func open(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(NodeError)
        -> FileDescriptor
    {
        let number = retrying { Glibc.open(path, flags | O_CLOEXEC, mode) }
        guard number >= 0 else { throw .system("open", path) }
        return FileDescriptor(owning: number, path: path)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(NodeError) {
        var rest = bytes
        while let base = rest.baseAddress, rest.count > 0 {
            let count = retrying { Glibc.write(number, base, rest.count) }
            guard count > 0 else { throw .system("write", path, count == 0 ? EIO : errno) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    func give(to owner: FileOwner) throws(NodeError) {
        guard fchown(number, owner.userID, owner.groupID) == 0 else {
            throw .system("change the owner of", path)
        }
    }

    func sync() throws(NodeError) {
        guard fsync(number) == 0 else { throw .system("sync", path) }
    }
}

/// Calls again while a signal interrupts the call.
package func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}
