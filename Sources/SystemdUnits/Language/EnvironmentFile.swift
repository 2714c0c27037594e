// SPDX-License-Identifier: Apache-2.0

import Values

/// The variables of a file that a unit names with `EnvironmentFile=`.
///
/// Source: systemd.exec(5), and `parse_env_file_internal()` of systemd 252 where it is silent: no specifier and
/// no variable is expanded in such a file.
package struct EnvironmentFile: Sendable, Equatable {
    package struct Variable: Sendable, Equatable {
        package var name: String
        package var value: String
        /// For each byte of `value`, where it stands in the file: what an edit is made by.
        var offsets: [Int] = []
        /// Everything behind the equals sign up to the end of the assignment's last line, in the file.
        var range = 0..<0
    }

    /// In the file's order; a later one of the same name wins. Names that systemd ignores are left out.
    package let variables: [Variable]

    /// The line of the assignment of `name` that wins; nil where the text has none. It counts from 1.
    package static func line(of name: String, in text: String) -> Int? {
        parse(text).variables.last { $0.name == name }.map { variable in
            text.utf8.prefix(variable.range.lowerBound).count { $0 == UnitByte.newline } + 1
        }
    }

    /// Reads a file's text. No text is refused: systemd takes what it can.
    package static func parse(_ text: String) -> EnvironmentFile {
        var parser = EnvironmentFileParser()
        // systemd stops at a NUL.
        for byte in text.utf8.prefix(while: { $0 != 0 }) { parser.next(byte) }
        return EnvironmentFile(variables: parser.finish().filter { isName($0.name) })
    }

    /// Where the value begins of the first assignment whose name or value is no UTF-8; nil where systemd reads the whole file.
    static func firstFaultyValue(_ bytes: [UInt8]) -> Int? {
        guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
        var parser = EnvironmentFileParser()
        for byte in bytes.prefix(while: { $0 != 0 }) { parser.next(byte) }
        _ = parser.finish()
        return parser.firstFault
    }

    /// What must stand before an assignment that is put at the end of a text.
    enum Ending: Equatable {
        /// Line feeds that end what is open there: an assignment, a continued comment, a backslash.
        case lineFeeds(Int)
        /// A quote is open, and what follows would be part of a value.
        /// - Parameter line: where it begins, from 1.
        case quote(line: Int)

        init(of text: String) {
            var parser = EnvironmentFileParser()
            for byte in text.utf8 { parser.next(byte) }
            if let start = parser.openQuote {
                self = .quote(line: text.utf8.prefix(start).count { $0 == UnitByte.newline } + 1)
            } else {
                self = .lineFeeds(parser.lineFeedsToEnd)
            }
        }
    }

    /// Whether systemd takes `name` as the name of a variable.
    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }
}

/// Reads an environment file byte by byte.
private struct EnvironmentFileParser {
    private enum State {
        case beforeName, name, beforeValue, value, escape, singleQuotes, doubleQuotes, doubleQuotesEscape
        case comment, commentEscape
    }

    private var state = State.beforeName
    private var name: [UInt8] = []
    private var value: [UInt8] = []
    /// For each byte of `value`, its offset in the file.
    private var offsets: [Int] = []
    private var offset = -1
    private var valueStart = 0
    /// Length of `value` up to its last byte that is not an unquoted, unescaped blank.
    private var kept = 0
    private var variables: [EnvironmentFile.Variable] = []
    /// Where the value begins of the first assignment whose name or value is no UTF-8.
    private(set) var firstFault: Int?
    /// Where the last quote began.
    private var quoteStart = 0

    /// Where the quote begins that is open now.
    var openQuote: Int? {
        switch state {
        case .singleQuotes, .doubleQuotes, .doubleQuotesEscape: quoteStart
        default: nil
        }
    }

    /// How many line feeds there must be before the next assignment.
    var lineFeedsToEnd: Int {
        switch state {
        case .beforeName: 0
        case .escape, .commentEscape: 2
        default: 1
        }
    }

    mutating func next(_ byte: UInt8) {
        offset += 1
        take(byte)
    }

    private mutating func take(_ byte: UInt8) {
        let endsLine = byte == UnitByte.newline || byte == UnitByte.carriageReturn
        switch state {
        case .beforeName: takeBeforeName(byte)
        case .name: takeName(byte, endsLine: endsLine)
        case .beforeValue: takeBeforeValue(byte, endsLine: endsLine)
        case .value: takeValue(byte, endsLine: endsLine)
        case .escape:
            state = .value
            if !endsLine { keep([byte]) }
        case .singleQuotes:
            if byte == UnitByte.singleQuote { state = .beforeValue } else { keep([byte]) }
        case .doubleQuotes:
            if byte == UnitByte.doubleQuote {
                state = .beforeValue
            } else if byte == UnitByte.backslash {
                state = .doubleQuotesEscape
            } else {
                keep([byte])
            }
        case .doubleQuotesEscape:
            state = .doubleQuotes
            if "\"\\`$".utf8.contains(byte) {
                keep([byte])
            } else if byte != UnitByte.newline {
                keep([UnitByte.backslash, byte])
            }
        case .comment:
            if byte == UnitByte.backslash { state = .commentEscape } else if endsLine { state = .beforeName }
        case .commentEscape: state = .comment
        }
    }

    /// All variables, once the last byte is taken. A value is complete at the file's end, a name is not.
    mutating func finish() -> [EnvironmentFile.Variable] {
        offset += 1
        switch state {
        case .beforeName, .name, .comment, .commentEscape: break
        case .value: push()
        default:
            kept = value.count
            push()
        }
        return variables
    }

    private mutating func takeBeforeName(_ byte: UInt8) {
        if UnitByte.startsComment(byte) {
            state = .comment
        } else if !UnitByte.isBlank(byte) {
            state = .name
            name = [byte]
        }
    }

    private mutating func takeName(_ byte: UInt8, endsLine: Bool) {
        if endsLine {
            state = .beforeName
        } else if byte == UnitByte.equals {
            state = .beforeValue
            (value, offsets, kept, valueStart) = ([], [], 0, offset + 1)
        } else {
            name.append(byte)
        }
    }

    private mutating func takeBeforeValue(_ byte: UInt8, endsLine: Bool) {
        if endsLine {
            push()
        } else if byte == UnitByte.singleQuote || byte == UnitByte.doubleQuote {
            state = byte == UnitByte.singleQuote ? .singleQuotes : .doubleQuotes
            quoteStart = offset
        } else if byte == UnitByte.backslash {
            state = .escape
        } else if !UnitByte.isBlank(byte) {
            state = .value
            keep([byte])
        }
    }

    private mutating func takeValue(_ byte: UInt8, endsLine: Bool) {
        if endsLine {
            push()
        } else if byte == UnitByte.backslash {
            state = .escape
            kept = value.count
        } else if UnitByte.isBlank(byte) {
            value.append(byte)
            offsets.append(offset)
        } else {
            keep([byte])
        }
    }

    private mutating func keep(_ bytes: [UInt8]) {
        value += bytes
        // An escape's backslash that stays is the byte before.
        offsets += bytes.indices.map { offset - (bytes.count - 1 - $0) }
        kept = value.count
    }

    private mutating func push() {
        state = .beforeName
        while let last = name.last, UnitByte.isBlank(last) { name.removeLast() }
        if firstFault == nil {
            let isText = [name[...], value.prefix(kept)].allSatisfy {
                String(validating: $0, as: UTF8.self) != nil
            }
            if !isText { firstFault = valueStart }
        }
        variables.append(
            .init(
                name: String(decoding: name, as: UTF8.self),
                value: String(decoding: value.prefix(kept), as: UTF8.self),
                offsets: Array(offsets.prefix(kept)), range: valueStart..<offset))
    }
}
