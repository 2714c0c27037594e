// SPDX-License-Identifier: Apache-2.0

/// Splits bytes into words, as systemd's `extract_first_word()` does with quotes removed.
struct UnitWordReader {
    /// What a backslash does.
    enum Escapes {
        /// C escapes, as in `ExecStart=` and `Environment=`.
        case c
        /// The next byte stands for itself and a missing quote is forgiven, as when `$VARIABLE` is split.
        case plain
    }

    let bytes: [UInt8]
    let end: Int
    let escapes: Escapes
    private(set) var position: Int

    init(_ bytes: [UInt8], in range: Range<Int>, escapes: Escapes) {
        self.bytes = bytes
        self.escapes = escapes
        end = range.upperBound
        position = range.lowerBound
        skipBlanks()
    }

    /// Whether the next word is `text`, unquoted.
    func isAt(_ text: String) -> Bool {
        let rest = bytes[position..<end]
        guard rest.starts(with: text.utf8) else { return false }
        return rest.dropFirst(text.utf8.count).first.map(UnitByte.isBlank) ?? true
    }

    /// Takes `count` bytes as one word.
    mutating func take(_ count: Int) -> Range<Int> {
        let range = position..<(position + count)
        position += count
        skipBlanks()
        return range
    }

    /// The next word; nil at the end. White space is any of space, tab, newline and carriage return.
    mutating func next() throws(UnitWordProblem) -> UnitWord? {
        guard position < end else { return nil }
        let start = position
        var word = UnitWord(range: start..<start, value: [], unknownEscape: false)
        var quote: UInt8?
        while position < end {
            let byte = bytes[position]
            if byte == UnitByte.backslash {
                readEscape(into: &word, inQuotes: quote != nil)
                continue
            }
            if quote == nil && UnitByte.isBlank(byte) { break }
            position += 1
            if byte == quote {
                quote = nil
            } else if quote == nil && (byte == UnitByte.singleQuote || byte == UnitByte.doubleQuote) {
                quote = byte
            } else {
                word.value.append(byte)
            }
        }
        if quote != nil && escapes == .c { throw .unbalancedQuotes }
        word.range = start..<position
        skipBlanks()
        return word
    }

    private mutating func readEscape(into word: inout UnitWord, inQuotes: Bool) {
        position += 1
        guard position < end else {
            // Only white space behind the backslash was there: systemd keeps it in a command.
            if escapes == .c { word.value.append(UnitByte.backslash) }
            word.unknownEscape = true
            return
        }
        switch escapes {
        case .plain:
            word.value.append(bytes[position])
            position += 1
        case .c:
            if let escape = CEscape(bytes[position..<end]) {
                word.value += escape.bytes
                position += escape.length
            } else {
                word.unknownEscape = true
                word.value += [UnitByte.backslash, bytes[position]]
                position += 1
            }
        }
    }

    private mutating func skipBlanks() {
        while position < end, UnitByte.isBlank(bytes[position]) { position += 1 }
    }
}
