// SPDX-License-Identifier: Apache-2.0

/// One word of a value: where it stands in the logical line, and what it means once quotes and escapes are gone.
struct UnitWord: Equatable {
    var range: Range<Int>
    var value: [UInt8]
    /// Whether it holds a backslash that starts no known escape; a command keeps it, `Environment=` stops at it.
    var unknownEscape: Bool
}

/// Why the next word cannot be read.
enum UnitWordProblem: Error {
    case unbalancedQuotes
}

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

/// An escape sequence without its backslash, as systemd's `cunescape_one()` knows them.
struct CEscape {
    var bytes: [UInt8]
    /// Bytes that it takes in the text.
    var length: Int

    private static let single: [UInt8: UInt8] = [
        UInt8(ascii: "a"): 0x07, UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A,
        UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09, UInt8(ascii: "v"): 0x0B, UInt8(ascii: "s"): 0x20,
        UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "\""): 0x22, UInt8(ascii: "'"): 0x27,
    ]

    /// Nil where the text starts with no known escape, or with one that stands for NUL.
    init?(_ text: ArraySlice<UInt8>) {
        guard let first = text.first else { return nil }
        if let byte = Self.single[first] {
            self.init(bytes: [byte], length: 1)
            return
        }
        switch first {
        case UInt8(ascii: "x"):
            guard let value = Self.number(text.dropFirst(), digits: 2, radix: 16) else { return nil }
            self.init(bytes: [UInt8(value)], length: 3)
        case UInt8(ascii: "u"):
            guard let value = Self.number(text.dropFirst(), digits: 4, radix: 16) else { return nil }
            self.init(bytes: Self.utf8(value), length: 5)
        case UInt8(ascii: "U"):
            guard let value = Self.number(text.dropFirst(), digits: 8, radix: 16),
                let scalar = Unicode.Scalar(value), value & 0xFFFE != 0xFFFE,
                !(0xFDD0...0xFDEF).contains(value)
            else { return nil }
            self.init(bytes: Array(String(Character(scalar)).utf8), length: 9)
        default:
            guard let value = Self.number(text, digits: 3, radix: 8), value <= 255 else { return nil }
            self.init(bytes: [UInt8(value)], length: 3)
        }
    }

    private init(bytes: [UInt8], length: Int) {
        self.bytes = bytes
        self.length = length
    }

    private static func number(_ text: ArraySlice<UInt8>, digits: Int, radix: Int) -> UInt32? {
        let slice = text.prefix(digits)
        let isAlphanumeric = slice.allSatisfy { $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }
        guard slice.count == digits, isAlphanumeric else { return nil }
        let value = UInt32(String(decoding: slice, as: UTF8.self), radix: radix)
        return value == 0 ? nil : value
    }

    /// `\u` is not checked by systemd: a surrogate gives three bytes that are no UTF-8.
    private static func utf8(_ value: UInt32) -> [UInt8] {
        if let scalar = Unicode.Scalar(value) { return Array(String(Character(scalar)).utf8) }
        return [
            UInt8(0xE0 | value >> 12), UInt8(0x80 | value >> 6 & 0x3F), UInt8(0x80 | value & 0x3F),
        ]
    }
}
