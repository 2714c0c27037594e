// SPDX-License-Identifier: Apache-2.0

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
