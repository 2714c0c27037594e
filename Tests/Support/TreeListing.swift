// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Every path below `root` with kind, mode, inode, size, time of change and content: equal listings mean that nothing
/// was written in between, not even the same bytes again.
public func treeListing(_ root: String) -> [String] {
    let names = (FileManager.default.enumerator(atPath: root)?.allObjects as? [String]) ?? []
    return ([""] + names.sorted()).map { name in
        let path = "\(root)/\(name)"
        var status = stat()
        guard lstat(path, &status) == 0 else { return "\(name) is gone" }
        let isFile = status.st_mode & S_IFMT == S_IFREG
        let content =
            isFile ? (FileManager.default.contents(atPath: path)?.base64EncodedString() ?? "unread") : ""
        let change = "\(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec)"
        return
            "\(name) \(String(status.st_mode, radix: 8)) \(status.st_ino) \(status.st_size) \(change) \(content)"
    }
}

/// Permission bits of a file, in octal; `missing` where there is none.
public func fileMode(_ path: String) -> String {
    var status = stat()
    return lstat(path, &status) == 0 ? String(status.st_mode & 0o7777, radix: 8) : "missing"
}
