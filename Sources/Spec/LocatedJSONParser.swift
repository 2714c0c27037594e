// SPDX-License-Identifier: Apache-2.0

import Values

/// Recursive-descent parser of one JSON document whose bytes are known to be UTF-8.
struct LocatedJSONParser {
    let bytes: [UInt8]
    private let depthLimit: Int
    private(set) var offset = 0
    private var line = 1
    private var lineStart = 0
    /// Bytes of the current line that continue a scalar: what makes columns differ from bytes.
    private var continuationBytes = 0

    init(_ bytes: [UInt8], depthLimit: Int) {
        self.bytes = bytes
        self.depthLimit = depthLimit
    }

    mutating func document() throws(SpecProblem) -> LocatedJSON {
        skipWhitespace()
        let (start, first) = (location, next)
        do throws(SpecProblem) {
            return try only()
        } catch {
            // Of a file that was given in place of another, a passphrase's or a key's, no word is repeated. A comment is
            // told by its sign alone.
            let isComment = first == 0x2f || first == 0x23
            guard Self.isBracketed(bytes) || isComment else { throw Self.foreign(at: start) }
            throw error
        }
    }

    /// The one value of the document, and nothing behind it.
    private mutating func only() throws(SpecProblem) -> LocatedJSON {
        let value = try value(depth: 0)
        skipWhitespace()
        guard offset == bytes.count else {
            if bytes[offset] == 0x2f { throw commentProblem() }
            throw problem(
                "\(found) after the end of the document", hint: "a file holds one JSON value")
        }
        return value
    }

    // MARK: Position

    var location: SourceLocation {
        SourceLocation(line: line, column: offset - lineStart - continuationBytes + 1)
    }

    /// The next byte; nil at the end.
    var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    /// Steps over `count` bytes none of which is a line feed.
    mutating func advance(_ count: Int = 1) { offset += count }

    /// Steps over one byte that continues a scalar.
    mutating func advanceContinuation() {
        offset += 1
        continuationBytes += 1
    }

    private mutating func skipWhitespace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0d: offset += 1
            case 0x0a:
                offset += 1
                line += 1
                lineStart = offset
                continuationBytes = 0
            default: return
            }
        }
    }

    // MARK: Values

    private mutating func value(depth: Int) throws(SpecProblem) -> LocatedJSON {
        let start = location
        switch next {
        case 0x7b: return LocatedJSON(location: start, value: .object(try members(depth: depth)))
        case 0x5b: return LocatedJSON(location: start, value: .array(try elements(depth: depth)))
        case 0x22: return LocatedJSON(location: start, value: .string(try string()))
        case 0x2d, .some(0x30...0x39): return LocatedJSON(location: start, value: .number(try number()))
        default: return LocatedJSON(location: start, value: try literal())
        }
    }

    private mutating func elements(depth: Int) throws(SpecProblem) -> [LocatedJSON] {
        let opening = try open(depth: depth)
        var elements: [LocatedJSON] = []
        skipWhitespace()
        if next == 0x5d {
            advance()
            return elements
        }
        while true {
            elements.append(try value(depth: depth + 1))
            if try !continues(closing: 0x5d, opening: opening) { return elements }
        }
    }

    private mutating func members(depth: Int) throws(SpecProblem) -> [LocatedJSON.Member] {
        let opening = try open(depth: depth)
        var members: [LocatedJSON.Member] = []
        skipWhitespace()
        if next == 0x7d {
            advance()
            return members
        }
        while true {
            let keyLocation = location
            guard next == 0x22 else { throw keyProblem(opening: opening) }
            let key = try string()
            skipWhitespace()
            guard next == 0x3a else {
                throw problem("expected ':' after the key \(SpecText.quoted(key)), found \(found)")
            }
            advance()
            skipWhitespace()
            let value = try value(depth: depth + 1)
            members.append(LocatedJSON.Member(key: key, keyLocation: keyLocation, value: value))
            if try !continues(closing: 0x7d, opening: opening) { return members }
        }
    }

    /// Steps over the bracket that opens an array or object.
    private mutating func open(depth: Int) throws(SpecProblem) -> SourceLocation {
        let opening = location
        guard depth < depthLimit else {
            throw SpecProblem(
                at: opening, .tooDeep,
                "arrays and objects within each other are read \(depthLimit) levels deep")
        }
        advance()
        return opening
    }

    /// After an element: true after a comma with something behind it, false after the closing bracket.
    private mutating func continues(closing: UInt8, opening: SourceLocation) throws(SpecProblem) -> Bool {
        skipWhitespace()
        if next == closing {
            advance()
            return false
        }
        let closer = closing == 0x7d ? "'}'" : "']'"
        guard next == 0x2c else {
            if next == 0x2f { throw commentProblem() }
            guard next != nil else { throw unclosed(closer, opening: opening) }
            throw problem("expected ',' or \(closer), found \(found)", hint: missingCommaHint)
        }
        let comma = location
        advance()
        skipWhitespace()
        if next == 0x7d || next == 0x5d {
            throw SpecProblem(
                at: comma, .syntax, "a comma before the closing bracket",
                hint: "remove the comma: JSON has no trailing commas")
        }
        if next == nil { throw unclosed(closer, opening: opening) }
        return true
    }

    private mutating func literal() throws(SpecProblem) -> LocatedJSON.Value {
        let end = bytes[offset...].firstIndex { !Self.isWordByte($0) } ?? bytes.count
        switch String(decoding: bytes[offset..<end], as: UTF8.self) {
        case "true": return finish(.boolean(true), end)
        case "false": return finish(.boolean(false), end)
        case "null": return finish(.null, end)
        default: throw literalProblem(end: end)
        }
    }

    private mutating func finish(_ value: LocatedJSON.Value, _ end: Int) -> LocatedJSON.Value {
        offset = end
        return value
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    private mutating func number() throws(SpecProblem) -> String {
        let start = offset
        if next == 0x2d { advance() }
        if next == 0x30 {
            advance()
            if let digit = next, Self.isDigit(digit) {
                throw problem("a number with a leading zero", hint: "write it without the zero")
            }
        } else {
            try digits()
        }
        if next == 0x2e {
            advance()
            try digits()
        }
        if next == 0x65 || next == 0x45 {
            advance()
            if next == 0x2b || next == 0x2d { advance() }
            try digits()
        }
        if let rest = next, Self.isWordByte(rest) || rest == 0x2e {
            throw problem("\(found) in a number", hint: "a text such as \"8760h\" needs double quotes")
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private mutating func digits() throws(SpecProblem) {
        guard let first = next, Self.isDigit(first) else {
            throw problem("expected a digit, found \(found)")
        }
        while let digit = next, Self.isDigit(digit) { advance() }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    static func isWordByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x5f
    }
}
