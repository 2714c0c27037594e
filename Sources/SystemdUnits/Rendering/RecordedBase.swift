// SPDX-License-Identifier: Apache-2.0

/// What a drop-in of this program says that its command was taken from.
package struct RecordedBase: Sendable, Equatable {
    package let path: String
    /// Lower-case hex SHA-256 of that file when the drop-in was written.
    package let digest: String

    /// - Returns: nil for any other file.
    package init?(_ text: UnitText) {
        let lines = text.text.split(separator: "\n", maxSplits: 8)
        let (margin, mark) = ("#   ", "(SHA-256 ")
        guard let index = lines.firstIndex(where: { $0.hasPrefix(margin + mark) }), index > 0,
            lines[index - 1].hasPrefix(margin), lines[index].hasSuffix(")")
        else { return nil }
        path = String(lines[index - 1].dropFirst(margin.count))
        digest = String(lines[index].dropFirst(margin.count + mark.count).dropLast())
    }
}
