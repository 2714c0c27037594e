// SPDX-License-Identifier: Apache-2.0

import Values

/// Files that hold bytes which are no UTF-8 where systemd does not look at them: in comments.
///
/// They are read as text with a `?` for each such byte, so that every other byte stays at its offset; what is edited in
/// the text is then edited in the bytes.
package enum KeptBytes {
    /// A unit file or drop-in as text.
    /// - Throws: `UnitError` with `unreadableText` and the line, where systemd would pass over more than a comment.
    package static func unit(_ bytes: [UInt8], path: String) throws(UnitError) -> String {
        guard let failed = firstFaultyLine(bytes, where: { !UnitByte.isComment($0) }) else {
            return text(bytes)
        }
        throw notUTF8(path, failed, "systemd ignores such a line")
    }

    /// An environment file as text.
    /// - Throws: `UnitError` with `unreadableText` and the line, where systemd would not read the file.
    package static func environment(_ bytes: [UInt8], path: String) throws(UnitError) -> String {
        guard let offset = EnvironmentFile.firstFaultyValue(bytes) else { return text(bytes) }
        let line = bytes[..<offset].count { $0 == UnitByte.newline } + 1
        throw notUTF8(path, line, "systemd does not read such a file")
    }

    /// `original` with the edit that made `edited` out of `text`, which was read from it: lines that the edit leaves alone
    /// have their bytes.
    /// - Throws: `UnitError` with `unreadableText` where a line that is no UTF-8 could not be told from what was edited.
    package static func applied(
        _ edited: [UInt8], readFrom text: [UInt8], to original: [UInt8], path: String
    ) throws(UnitError) -> [UInt8] {
        guard text != original, text.count == original.count else { return edited }
        let (old, new) = (wholeLines(text), wholeLines(edited))
        let changes = SequenceChanges(from: old.count, to: new.count) {
            text[old[$0]].elementsEqual(edited[new[$1]])
        }
        var result: [UInt8] = []
        var kept = old.indices.filter { !changes.removed.contains($0) }.makeIterator()
        for index in new.indices {
            if changes.inserted.contains(index) {
                result += edited[new[index]]
            } else if let line = kept.next() {
                result += original[old[line]]
            }
        }
        let lost = changes.removed.sorted().first { text[old[$0]] != original[old[$0]] }
        if let lost { throw notUTF8(path, lost + 1, "it is within what must be edited") }
        return result
    }

    /// Each with its line feed.
    private static func wholeLines(_ bytes: [UInt8]) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var start = 0
        for (index, byte) in bytes.enumerated() where byte == UnitByte.newline {
            lines.append(start..<(index + 1))
            start = index + 1
        }
        return start < bytes.count ? lines + [start..<bytes.count] : lines
    }

    private static func text(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var result = bytes
        for line in lines(bytes) where String(validating: bytes[line], as: UTF8.self) == nil {
            for index in line where bytes[index] >= 0x80 { result[index] = UInt8(ascii: "?") }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Number, from 1, of the first line for which `counts` holds and that is no UTF-8.
    private static func firstFaultyLine(_ bytes: [UInt8], where counts: (ArraySlice<UInt8>) -> Bool) -> Int? {
        guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
        let found = lines(bytes).first {
            String(validating: bytes[$0], as: UTF8.self) == nil && counts(bytes[$0])
        }
        return found.map { line in bytes[..<line.lowerBound].count { $0 == UnitByte.newline } + 1 }
    }

    private static func lines(_ bytes: [UInt8]) -> [Range<Int>] {
        bytes.split { $0 == UnitByte.newline || $0 == UnitByte.carriageReturn }
            .map { $0.startIndex..<$0.endIndex }
    }

    private static func notUTF8(_ path: String, _ line: Int, _ what: Message) -> UnitError {
        UnitError(
            .unreadableText, "read", path, line: line,
            cause: "it holds a byte that is not UTF-8, and \(what)",
            hint: "write that line as UTF-8, or remove the byte")
    }
}
