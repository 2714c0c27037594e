// SPDX-License-Identifier: Apache-2.0

import Values

extension LocatedJSONParser {
    /// Reads a string from its opening to its closing quote.
    mutating func string() throws(SpecProblem) -> String {
        let opening = location
        advance()
        let start = offset
        try skipPlainText(opening: opening)
        var text = Array(bytes[start..<offset])
        while next == 0x5c {
            try escape(into: &text)
            let resumed = offset
            try skipPlainText(opening: opening)
            text += bytes[resumed..<offset]
        }
        advance()
        return String(decoding: text, as: UTF8.self)
    }

    /// Stops at a backslash or at the closing quote.
    private mutating func skipPlainText(opening: SourceLocation) throws(SpecProblem) {
        while let byte = next {
            switch byte {
            case 0x22, 0x5c: return
            case 0x0a, 0x0d:
                throw SpecProblem(
                    at: opening, .syntax, "the line ends within a string",
                    hint: "close the string with '\"'; a line break within it is written \\n")
            case 0x00...0x1f:
                throw problem(
                    "the control character U+\(SpecText.hex(byte, width: 4)) in a string",
                    hint: byte == 0x09 ? "write a tab as \\t" : nil)
            case 0x80...0xbf: advanceContinuation()
            default: advance()
            }
        }
        throw SpecProblem(at: opening, .syntax, "the string is not closed", hint: "close it with '\"'")
    }

    private mutating func escape(into text: inout [UInt8]) throws(SpecProblem) {
        let start = location
        advance()
        switch next {
        case 0x22, 0x5c, 0x2f: text.append(bytes[offset])
        case 0x62: text.append(0x08)
        case 0x66: text.append(0x0c)
        case 0x6e: text.append(0x0a)
        case 0x72: text.append(0x0d)
        case 0x74: text.append(0x09)
        case 0x75:
            advance()
            text += try unicodeEscape(start: start)
            return
        default:
            throw SpecProblem(
                at: start, .syntax, "\(found) after a backslash",
                hint: "a backslash itself is written \\\\")
        }
        advance()
    }

    /// UTF-8 of the scalar behind `\u`, with its second half where it is a surrogate pair.
    private mutating func unicodeEscape(start: SourceLocation) throws(SpecProblem) -> [UInt8] {
        let unit = try hexDigits(start: start)
        var value = UInt32(unit)
        if (0xd800...0xdbff).contains(unit) {
            guard next == 0x5c, offset + 1 < bytes.count, bytes[offset + 1] == 0x75 else {
                throw loneSurrogate(start)
            }
            advance(2)
            let low = try hexDigits(start: start)
            guard (0xdc00...0xdfff).contains(low) else { throw loneSurrogate(start) }
            value = 0x10000 + (UInt32(unit) - 0xd800) << 10 + (UInt32(low) - 0xdc00)
        }
        guard let scalar = Unicode.Scalar(value) else { throw loneSurrogate(start) }
        return Array(String(scalar).utf8)
    }

    private mutating func hexDigits(start: SourceLocation) throws(SpecProblem) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = SpecText.hexDigit(byte) else {
                throw SpecProblem(at: start, .syntax, "\\u needs four hex digits, found \(found)")
            }
            value = value << 4 | UInt16(digit)
            advance()
        }
        return value
    }

    private func loneSurrogate(_ start: SourceLocation) -> SpecProblem {
        SpecProblem(
            at: start, .syntax, "half of a surrogate pair is not a character",
            hint: "write the character itself")
    }
}
