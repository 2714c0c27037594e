// SPDX-License-Identifier: Apache-2.0

/// What somebody sees of bytes that were written to a terminal: its lines, those that have scrolled away included.
///
/// A line that is wider than the terminal stays one line here, and is as many rows high as it takes there. Colours stay
/// in the text as escape codes; a code that is not known stays too, so that a comparison fails on it.
public struct TerminalScreen {
    public var columns: Int
    public let rows: Int
    private var lines: [[String]] = [[]]
    private var (row, column) = (0, 0)
    /// Colour codes in front of the next character.
    private var pending = ""

    public init(columns: Int = 80, rows: Int = 24) {
        (self.columns, self.rows) = (columns, rows)
    }

    /// All lines; the last one is the cursor's, or below it.
    public var text: String { lines.map { $0.joined() }.joined(separator: "\n") }

    /// The cursor's line and column, from 0.
    public var cursor: (line: Int, column: Int) { (row, column) }

    public mutating func write(_ text: String) {
        var rest = Substring(text)
        while let character = rest.popFirst() {
            switch character {
            case "\n", "\r\n": newLine()
            case "\r": column = 0
            case "\u{1b}" where rest.first == "[":
                let code = rest.prefix { !$0.isLetter }
                rest = rest.dropFirst(code.count)
                guard let letter = rest.popFirst() else { return }
                obey(letter, String(code.dropFirst()))
            default: put(String(character))
            }
        }
    }

    private mutating func newLine() {
        (row, column) = (row + 1, 0)
        if row == lines.count { lines.append([]) }
    }

    private mutating func put(_ character: String) {
        while lines[row].count < column { lines[row].append(" ") }
        let cell = pending + character
        pending = ""
        if column < lines[row].count { lines[row][column] = cell } else { lines[row].append(cell) }
        column += 1
    }

    private mutating func obey(_ letter: Character, _ number: String) {
        switch (letter, number) {
        case ("A", _): for _ in 0..<(Int(number) ?? 1) { up() }
        case ("K", ""): lines[row].removeSubrange(min(column, lines[row].count)...)
        case ("H", ""): (row, column) = (0, 0)
        case ("J", "2"): (lines, row) = (Array(repeating: [], count: row + 1), row)
        case ("J", ""):
            lines[row].removeSubrange(min(column, lines[row].count)...)
            lines.removeSubrange((row + 1)...)
        case ("m", _):
            let code = "\u{1b}[\(number)m"
            if column > 0, column <= lines[row].count {
                lines[row][column - 1] += code
            } else {
                pending += code
            }
        default: put("\u{1b}[\(number)\(letter)")
        }
    }

    /// One row up, not further than to the first row that is on the screen.
    private mutating func up() {
        let above = column / max(1, columns)
        if above > 0 {
            column -= columns
        } else if row > 0, !isTop {
            row -= 1
            column += (height(row) - 1) * columns
        }
    }

    private func height(_ row: Int) -> Int { max(1, (lines[row].count + columns - 1) / columns) }

    private var isTop: Bool { lines[row...].indices.reduce(0) { $0 + height($1) } >= rows }
}
