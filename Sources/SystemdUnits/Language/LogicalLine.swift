// SPDX-License-Identifier: Apache-2.0

import Values

/// One logical line: what systemd makes of a line and its continuations, with the way back to the file's bytes.
///
/// systemd turns each backslash at a line's end into a space and skips comment lines in between. Such a space
/// stands for everything from the backslash to the start of the line that goes on.
struct LogicalLine: Sendable, Equatable {
    /// Without line ends and comments.
    var bytes: [UInt8]
    /// Where in `file` each of `bytes` starts; its last entry is where the line ends.
    var offsets: [Int]
    /// Number of the first physical line, from 1.
    var number: Int
    /// All bytes of the file.
    var file: [UInt8]

    /// The file's own text for a part of the logical line.
    func raw(_ range: Range<Int>) -> String {
        String(decoding: file[offsets[range.lowerBound]..<offsets[range.upperBound]], as: UTF8.self)
    }

    /// `range` without the blanks at both of its ends.
    func stripped(_ range: Range<Int>) -> Range<Int> {
        var range = range
        while let first = range.first, UnitByte.isBlank(bytes[first]) { range.removeFirst() }
        while let last = range.last, UnitByte.isBlank(bytes[last]) { range.removeLast() }
        return range
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
}
