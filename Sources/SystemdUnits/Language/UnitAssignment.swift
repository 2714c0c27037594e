// SPDX-License-Identifier: Apache-2.0

import Values

/// One `key=value` of a unit file.
package struct UnitAssignment: Sendable, Equatable {
    package let section: String
    /// Case counts: systemd knows no `execstart=`.
    package let key: String
    /// File that it stands in.
    package let path: String
    let line: LogicalLine
    /// From behind the `=` to the line's end.
    let whole: Range<Int>
    /// `whole` without the blanks at its ends.
    let stripped: Range<Int>

    /// Nil for a line that systemd ignores since it has no key or no `=`.
    init?(section: String, path: String, line: LogicalLine) {
        guard let equals = line.bytes.firstIndex(of: UnitByte.equals) else { return nil }
        let key = line.stripped(0..<equals)
        guard !key.isEmpty else { return nil }
        self.section = section
        self.key = line.text(key)
        self.path = path
        self.line = line
        whole = (equals + 1)..<line.bytes.count
        stripped = line.stripped(whole)
    }

    /// The number of its first line, from 1.
    package var lineNumber: Int { line.number }

    /// The value with each continuation as one space and without blanks at its ends.
    package var value: String { line.text(stripped) }

    /// Everything behind the `=` as it stands in the file: continuations, comment lines in between and
    /// blanks included, the final line end excluded.
    package var rawValue: String { line.raw(whole) }

    /// Where it stands, as `PATH:LINE`.
    package var place: String { "\(path):\(lineNumber)" }
}
