// SPDX-License-Identifier: Apache-2.0

/// Splits a shell's text into the words of its simple commands; comments and redirections are left out.
struct ShellReader {
    enum Token {
        case word(ShellCommand.Word)
        /// What ends a simple command.
        case end
    }

    private let text: [UInt8]
    private var position = 0
    /// Whether lines of it are no commands.
    private(set) var hasHereDocument = false

    init(_ text: [UInt8]) { self.text = text }

    mutating func next() -> Token? {
        while true {
            skipBlanks()
            guard let byte = byte(0) else { return nil }
            if byte == UInt8(ascii: "#") {
                while let byte = self.byte(0), byte != UnitByte.newline { position += 1 }
            } else if skipRedirection() {
                continue
            } else if byte == UnitByte.newline || Self.isOperator(byte) {
                position += 1
                return .end
            } else {
                return .word(word())
            }
        }
    }

    private func byte(_ offset: Int) -> UInt8? {
        position + offset < text.count ? text[position + offset] : nil
    }

    private mutating func skipBlanks() {
        while let byte = byte(0), UnitByte.isBlank(byte), byte != UnitByte.newline { position += 1 }
    }

    private static func isOperator(_ byte: UInt8) -> Bool { ";&|<>()".utf8.contains(byte) }

    /// Skips one such as `>>FILE` or `2>&1`: arguments may follow it.
    private mutating func skipRedirection() -> Bool {
        var offset = 0
        while let byte = byte(offset), (0x30...0x39).contains(byte) { offset += 1 }
        if offset == 0, byte(0) == UInt8(ascii: "&"), byte(1) == UInt8(ascii: ">") { offset = 1 }
        guard let sign = byte(offset), "<>".utf8.contains(sign), byte(offset + 1) != UInt8(ascii: "(") else {
            return false
        }
        position += offset + 1
        let isInput = sign == UInt8(ascii: "<")
        if byte(0) == sign {
            position += 1
            if isInput, byte(0) == sign { position += 1 } else if isInput { hasHereDocument = true }
        } else if let next = byte(0), "&|>".utf8.contains(next) {
            position += 1
        }
        skipBlanks()
        if let next = byte(0), next != UnitByte.newline, !Self.isOperator(next) { _ = word() }
        return true
    }

    private mutating func word() -> ShellCommand.Word {
        let start = position
        var value: [UInt8] = []
        var quote: UInt8?
        var isExpanded = false
        while let byte = byte(0) {
            if quote == nil && (UnitByte.isBlank(byte) || Self.isOperator(byte)) { break }
            if quote != UnitByte.singleQuote, expands(value, isQuoted: quote != nil) { isExpanded = true }
            position += 1
            if byte == quote {
                quote = nil
            } else if quote == nil && (byte == UnitByte.singleQuote || byte == UnitByte.doubleQuote) {
                quote = byte
            } else if byte == UnitByte.backslash && quote != UnitByte.singleQuote, let next = self.byte(0) {
                if next != UnitByte.newline { value.append(next) }
                position += 1
            } else {
                value.append(byte)
            }
        }
        if let name = Self.variable(text[start..<position]) { return .variable(name) }
        let text = String(decoding: value, as: UTF8.self)
        return isExpanded ? .expanded(text) : .text(text)
    }

    /// Whether the shell puts something in here that may be a flag: it is more than a part of a flag's value.
    private func expands(_ before: [UInt8], isQuoted: Bool) -> Bool {
        let isCommand = byte(0) == UInt8(ascii: "`")
        guard isCommand || byte(0) == UInt8(ascii: "$"), isCommand || byte(1) != nil else { return false }
        if let next = byte(1), !isCommand, UnitByte.isBlank(next) || "/.,:;&|=%+".utf8.contains(next) {
            return false
        }
        let splits = !isQuoted && (isCommand || byte(1) == UInt8(ascii: "("))
        return splits || !before.starts(with: "--".utf8) || !before.contains(UnitByte.equals)
    }

    private static func variable(_ raw: ArraySlice<UInt8>) -> String? {
        let text = String(decoding: raw, as: UTF8.self)
        guard text.hasPrefix("$") else { return nil }
        let name =
            text.hasPrefix("${") && text.hasSuffix("}") ? text.dropFirst(2).dropLast() : text.dropFirst()
        return EnvironmentFile.isName(String(name)) ? String(name) : nil
    }
}
