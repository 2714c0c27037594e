// SPDX-License-Identifier: Apache-2.0

import Values

/// One unit file or drop-in as it lies on the disk.
package struct UnitText: Sendable, Equatable {
    /// Absolute path on the node.
    package let path: String
    /// The whole content, carriage returns included; a byte of a comment that is no UTF-8 is a `?` in it.
    package let text: String
    /// The file's bytes where they are not those of `text`.
    private let original: [UInt8]?

    package init(path: String, text: String) {
        self.path = path
        self.text = text
        original = nil
    }

    /// Takes a file's bytes.
    ///
    /// - Throws: `UnitError` with `unreadableText` where they are not UTF-8 in a line that is no comment: systemd
    ///   ignores it, and this program could not put it back byte for byte.
    package init(path: String, bytes: [UInt8]) throws(UnitError) {
        self.path = path
        text = try KeptBytes.unit(bytes, path: path)
        original = text.utf8.elementsEqual(bytes) ? nil : bytes
    }

    /// The file's bytes as they lie on the disk.
    package var bytes: [UInt8] { original ?? Array(text.utf8) }

    /// The last part of the path, by which systemd sorts drop-ins.
    package var fileName: String { path.splitPath.name }
}
