// SPDX-License-Identifier: Apache-2.0

/// Text of the spec as it may be shown on a terminal or written into a certificate.
package enum SpecText {
    /// `text` in double quotes, at most 60 scalars of it, with what a terminal would act on as `\u{...}`.
    package static func quoted(_ text: String) -> String {
        let limit = 60
        var shown = "\""
        for (count, scalar) in text.unicodeScalars.enumerated() {
            if count == limit { return shown + "...\"" }
            switch scalar {
            case "\"": shown += "\\\""
            case "\\": shown += "\\\\"
            case "\n": shown += "\\n"
            case "\t": shown += "\\t"
            default:
                if isUnprintable(scalar) {
                    shown += "\\u{\(String(scalar.value, radix: 16))}"
                } else {
                    shown.unicodeScalars.append(scalar)
                }
            }
        }
        return shown + "\""
    }

    /// True for scalars that control a terminal or hide text: control characters, line and paragraph
    /// separators, bidirectional controls, what Unicode calls format or ignorable, and noncharacters.
    package static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7e: false
        case 0x00...0x9f, 0x061c, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff: true
        case 0xfdd0...0xfdef: true
        default:
            scalar.value & 0xfffe == 0xfffe || scalar.properties.isDefaultIgnorableCodePoint
                || scalar.properties.generalCategory == .format
        }
    }

    /// True where both have the same bytes; `==` also holds for texts that are only equivalent (NFC).
    package static func isSame(_ a: String, _ b: String) -> Bool {
        a.bytes == b.bytes
    }

    /// `byte` in upper-case hex, padded with zeros to `width` digits.
    package static func hex(_ byte: UInt8, width: Int) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// The value of an ASCII hex digit; nil for another byte.
    package static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
