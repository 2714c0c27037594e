// SPDX-License-Identifier: Apache-2.0

import Values

/// Bytes that have a meaning in unit files.
enum UnitByte {
    static let tab = UInt8(ascii: "\t")
    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let backslash = UInt8(ascii: "\\")
    static let equals = UInt8(ascii: "=")
    static let semicolon = UInt8(ascii: ";")
    static let singleQuote = UInt8(ascii: "'")
    static let doubleQuote = UInt8(ascii: "\"")

    /// What systemd calls white space; a form feed and a no-break space are not.
    static func isBlank(_ byte: UInt8) -> Bool {
        byte == space || byte == tab || byte == newline || byte == carriageReturn
    }

    /// Whether a line that has it as its first non-blank byte is a comment.
    static func startsComment(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "#") || byte == semicolon }

    /// Whether a physical line of a unit is a comment.
    static func isComment(_ line: ArraySlice<UInt8>) -> Bool {
        line.first { !isBlank($0) }.map(startsComment) ?? false
    }
}
