// SPDX-License-Identifier: Apache-2.0

/// One unit file or drop-in as it lies on the disk.
package struct UnitText: Sendable, Equatable {
    /// Absolute path on the node.
    package let path: String
    /// The whole content; every byte is kept, carriage returns included.
    package let text: String

    package init(path: String, text: String) {
        self.path = path
        self.text = text
    }

    /// Takes a file's bytes.
    ///
    /// - Throws: `UnitError` with `unreadableText` where they are not UTF-8: systemd ignores such a line, and
    ///   this program could not put it back byte for byte.
    package init(path: String, bytes: [UInt8]) throws(UnitError) {
        let text = String(decoding: bytes, as: UTF8.self)
        // Decoding repairs what is invalid, so that only valid UTF-8 comes back unchanged.
        guard text.utf8.elementsEqual(bytes) else {
            throw UnitError(.unreadableText, "read", path, cause: "it is not UTF-8")
        }
        self.init(path: path, text: text)
    }

    /// The last part of the path, by which systemd sorts drop-ins.
    package var fileName: String { String(path.split(separator: "/").last ?? "") }
}
