// SPDX-License-Identifier: Apache-2.0

import Values

/// Splits a unit file into logical lines, as `config_parse()` of systemd 252 does.
struct UnitLineReader {
    /// systemd gives up on a line of this many bytes or more.
    static let longestLine = 1 << 20

    private let path: String
    private let file: [UInt8]
    private var position = 0
    private var number = 0

    /// - Throws: `UnitError` with `unreadableText`.
    init(_ source: UnitText) throws(UnitError) {
        path = source.path
        file = Array(source.text.utf8)
        for scalar in source.text.unicodeScalars {
            // systemd would end the line at a NUL and ignore a whole line for a non-character.
            let value = scalar.value
            guard value != 0, value & 0xFFFE != 0xFFFE, !(0xFDD0...0xFDEF).contains(value) else {
                let name = "U+" + String(value, radix: 16, uppercase: true)
                throw UnitError(.unreadableText, "read", path, cause: "it holds \(name)")
            }
        }
    }

    /// The next logical line that is not a comment; it may be blank. Nil at the end.
    mutating func next() throws(UnitError) -> LogicalLine? {
        var line = LogicalLine(bytes: [], offsets: [], number: 0, file: file)
        while let physical = try nextPhysical() {
            if isComment(physical) { continue }
            let content = withoutByteOrderMark(physical)
            if line.number == 0 { line.number = number } else { line.offsets.removeLast() }
            line.bytes += file[content]
            line.offsets += content
            line.offsets.append(content.upperBound)
            guard line.bytes.count <= Self.longestLine else { throw tooLong() }
            guard endsInBackslash(content) else { return line }
            line.bytes[line.bytes.count - 1] = UnitByte.space
            line.offsets[line.offsets.count - 1] = file.count
        }
        return line.number == 0 ? nil : line
    }

    /// The next line without what ends it: one `\n`, `\r`, `\r\n` or `\n\r`, or the end of the file.
    private mutating func nextPhysical() throws(UnitError) -> Range<Int>? {
        guard position < file.count else { return nil }
        number += 1
        let start = position
        while position < file.count, !isLineEnd(file[position]) { position += 1 }
        let content = start..<position
        guard content.count < Self.longestLine else { throw tooLong() }
        if position < file.count {
            let first = file[position]
            position += 1
            if position < file.count, isLineEnd(file[position]), file[position] != first { position += 1 }
        }
        return content
    }

    private func isLineEnd(_ byte: UInt8) -> Bool {
        byte == UnitByte.newline || byte == UnitByte.carriageReturn
    }

    private func isComment(_ content: Range<Int>) -> Bool {
        UnitByte.isComment(file[content])
    }

    /// Whether an odd number of backslashes ends the line.
    private func endsInBackslash(_ content: Range<Int>) -> Bool {
        !file[content].reversed().prefix { $0 == UnitByte.backslash }.count.isMultiple(of: 2)
    }

    private func withoutByteOrderMark(_ content: Range<Int>) -> Range<Int> {
        guard content.lowerBound == 0, file[content].starts(with: [0xEF, 0xBB, 0xBF]) else { return content }
        return content.dropFirst(3)
    }

    private func tooLong() -> UnitError {
        UnitError(.unreadableText, "read", path, line: number, cause: "the line is longer than 1 MiB")
    }
}
