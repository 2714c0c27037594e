// SPDX-License-Identifier: Apache-2.0

/// A source file of Swift, cut up as far as its string literals ask for it.
struct SwiftTokens {
    struct Token {
        enum Kind {
            case word(String)
            case symbol(String)
            case literal(Literal)
        }

        let kind: Kind
        let line: Int

        /// A word's or symbol's own text.
        var text: String? {
            switch kind {
            case .word(let text), .symbol(let text): text
            case .literal: nil
            }
        }

        var literal: Literal? {
            if case .literal(let literal) = kind { literal } else { nil }
        }
    }

    struct Literal {
        /// Between the values, one more than there are values.
        var texts: [String]
        var values: [[Token]]

        static func + (one: Self, other: Self) -> Self {
            var whole = one
            whole.texts[whole.texts.count - 1] += other.texts[0]
            whole.texts += other.texts.dropFirst()
            whole.values += other.values
            return whole
        }
    }

    private let bytes: [UInt8]
    private var place = 0
    private var line = 1

    static func of(_ source: String) -> [Token] {
        var reader = SwiftTokens(bytes: Array(source.utf8) + [10])
        return reader.code(isValue: false)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func has(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard place + count <= bytes.count else { return false }
        return (0..<count).allSatisfy { bytes[place + $0] == text.utf8Start[$0] }
    }

    // MARK: - Code

    /// - Parameter isValue: whether it ends with the parenthesis that closes an interpolation.
    private mutating func code(isValue: Bool) -> [Token] {
        var tokens: [Token] = []
        var depth = 0
        while place < bytes.count {
            let byte = bytes[place]
            if has("//") {
                while bytes[place] != 10 { place += 1 }
            } else if has("/*") {
                comment()
            } else if byte == 10 || byte == 32 || byte == 9 {
                if byte == 10 { line += 1 }
                place += 1
            } else if let hashes = literalHashes() {
                let first = line
                tokens.append(Token(kind: .literal(literal(hashes)), line: first))
            } else if isRegex(after: tokens.last) {
                regex()
            } else if Self.isWord(byte) {
                let start = place
                while Self.isWord(bytes[place]) { place += 1 }
                tokens.append(Token(kind: .word(text(start..<place)), line: line))
            } else if Self.isOperator(byte) {
                let start = place
                while Self.isOperator(bytes[place]) { place += 1 }
                tokens.append(Token(kind: .symbol(text(start..<place)), line: line))
            } else {
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == UInt8(ascii: ")") {
                    depth -= 1
                    if isValue, depth < 0 {
                        place += 1
                        return tokens
                    }
                }
                place += 1
                tokens.append(Token(kind: .symbol(text(place - 1..<place)), line: line))
            }
        }
        return tokens
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte >= 128 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$")
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 32)
    }

    private static func isOperator(_ byte: UInt8) -> Bool { "=<>!+-*&|?/%^~".utf8.contains(byte) }

    private mutating func comment() {
        var depth = 0
        repeat {
            if has("/*") {
                depth += 1
                place += 2
            } else if has("*/") {
                depth -= 1
                place += 2
            } else {
                if bytes[place] == 10 { line += 1 }
                place += 1
            }
        } while depth > 0 && place < bytes.count
    }

    private func isRegex(after token: Token?) -> Bool {
        if has("#/") { return true }
        guard bytes[place] == UInt8(ascii: "/"), ![32, 10].contains(bytes[place + 1]) else { return false }
        return token.map { ["(", ",", "=", ":", "{", "[", "return", "in", "?"].contains($0.text) } ?? false
    }

    private mutating func regex() {
        place += has("#/") ? 2 : 1
        var isInClass = false
        while bytes[place] != 10, isInClass || bytes[place] != UInt8(ascii: "/") {
            if bytes[place] == UInt8(ascii: "[") { isInClass = true }
            if bytes[place] == UInt8(ascii: "]") { isInClass = false }
            place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        place += 1
        if bytes[place] == UInt8(ascii: "#") { place += 1 }
    }

    // MARK: - Literals

    /// - Returns: how many number signs the literal here begins with; nil where there is none.
    private func literalHashes() -> Int? {
        var end = place
        while bytes[end] == UInt8(ascii: "#") { end += 1 }
        return bytes[end] == UInt8(ascii: "\"") ? end - place : nil
    }

    private func hasHashes(_ count: Int, at start: Int) -> Bool {
        (0..<count).allSatisfy { start + $0 < bytes.count && bytes[start + $0] == UInt8(ascii: "#") }
    }

    private mutating func literal(_ hashes: Int) -> Literal {
        place += hashes
        let hasLines = has("\"\"\"")
        let quotes = hasLines ? 3 : 1
        place += quotes
        var literal = Literal(texts: [], values: [])
        var text: [UInt8] = []
        if hasLines { nextLine(&text) }
        while place < bytes.count {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\""), !hasLines || has("\"\"\""), hasHashes(hashes, at: place + quotes) {
                place += quotes + hashes
                literal.texts.append(String(decoding: text, as: UTF8.self))
                return hasLines ? Self.unindented(literal) : literal
            } else if byte == UInt8(ascii: "\\"), hasHashes(hashes, at: place + 1) {
                place += 1 + hashes
                if bytes[place] == UInt8(ascii: "(") {
                    place += 1
                    literal.texts.append(String(decoding: text, as: UTF8.self))
                    text = []
                    literal.values.append(code(isValue: true))
                } else {
                    escape(&text)
                }
            } else if byte == 10 {
                text.append(10)
                nextLine(&text)
            } else {
                text.append(byte)
                place += 1
            }
        }
        literal.texts.append(String(decoding: text, as: UTF8.self))
        return literal
    }

    /// Stands in a literal of several lines where each of them begins.
    private static let lineStart: Character = "\u{1}"

    private mutating func nextLine(_ text: inout [UInt8]) {
        while bytes[place] != 10 { place += 1 }
        place += 1
        line += 1
        text.append(1)
    }

    private mutating func escape(_ text: inout [UInt8]) {
        let byte = bytes[place]
        place += 1
        switch byte {
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "0"): text.append(0)
        case UInt8(ascii: "u"):
            let start = place + 1
            while bytes[place] != UInt8(ascii: "}") { place += 1 }
            let digits = self.text(start..<place)
            place += 1
            let scalar = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init) ?? "?"
            text += Array(String(Character(scalar)).utf8)
        case 10, 32, 9:
            place -= 1
            nextLine(&text)
        default: text.append(byte)
        }
    }

    /// Without the indentation of the closing quotes, and without the last line feed.
    private static func unindented(_ literal: Literal) -> Literal {
        let last = literal.texts[literal.texts.count - 1]
        let indent = last.lastIndex(of: lineStart).map { last[$0...] } ?? ""
        var texts = literal.texts
        texts[texts.count - 1] = String(last.dropLast(indent.count))
        if texts[texts.count - 1].hasSuffix("\n") { texts[texts.count - 1].removeLast() }
        return Literal(
            texts: texts.map { $0.replacing(indent, with: "").replacing("\(lineStart)", with: "") },
            values: literal.values)
    }
}
