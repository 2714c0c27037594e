// SPDX-License-Identifier: Apache-2.0

/// A place in a text file.
package struct SourceLocation: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// From 1; a line ends with a line feed.
    package let line: Int
    /// From 1, in Unicode scalars; a tab is one.
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package static func < (a: Self, b: Self) -> Bool { (a.line, a.column) < (b.line, b.column) }

    package var description: String { "\(line):\(column)" }

    /// The first character of a file.
    package static let start = SourceLocation(line: 1, column: 1)
}
