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
    /// - Throws: `UnitError` with `unreadableText` where a line is not UTF-8: systemd ignores such a line, unless it is a
    ///   comment, of which the bytes in question are replaced here.
    package init(path: String, bytes: [UInt8]) throws(UnitError) {
        let text = String(decoding: bytes, as: UTF8.self)
        // Decoding repairs what is invalid, so that only valid UTF-8 comes back unchanged.
        if !text.utf8.elementsEqual(bytes) { try Self.checkLines(bytes, path) }
        self.init(path: path, text: text)
    }

    private static func checkLines(_ bytes: [UInt8], _ path: String) throws(UnitError) {
        for (index, line) in bytes.split(separator: UnitByte.newline, omittingEmptySubsequences: false)
            .enumerated()
        where !String(decoding: line, as: UTF8.self).utf8.elementsEqual(line) {
            let first = line.first { !UnitByte.isBlank($0) }
            if first.map(UnitByte.startsComment) ?? false { continue }
            throw UnitError(
                .unreadableText, "read", path, line: index + 1,
                cause: "the line is not UTF-8, and systemd ignores it",
                hint:
                    "write that line in UTF-8: iconv -f GB18030 -t UTF-8 \(path) shows it, if that is what it is in"
            )
        }
    }

    /// The last part of the path, by which systemd sorts drop-ins.
    package var fileName: String { String(path.split(separator: "/").last ?? "") }
}
