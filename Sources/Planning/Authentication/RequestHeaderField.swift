// SPDX-License-Identifier: Apache-2.0

import Values

/// One header of a request.
package struct RequestHeaderField: Sendable, Equatable {
    package let name: String
    /// Without blanks around it.
    package let value: String

    /// `Name: value`; nil if the name is no token (RFC 9110, 5.6.2), or the value has a control character.
    package init?(_ text: String) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let name = text.utf8[..<colon]
        guard !name.isEmpty, name.allSatisfy(Self.isToken) else { return nil }
        let value = text.utf8[text.utf8.index(after: colon)...].drop(while: Self.isBlank)
        guard value.allSatisfy({ Self.isBlank($0) || ($0 >= 0x20 && $0 != 0x7f) }) else { return nil }
        let end = value.lastIndex { !Self.isBlank($0) }.map { value.index(after: $0) } ?? value.startIndex
        self.name = String(decoding: name, as: UTF8.self)
        self.value = String(decoding: value[..<end], as: UTF8.self)
    }

    /// Whether it has this name; letter case does not count (RFC 9110, 5.1).
    package func isNamed(_ name: String) -> Bool {
        self.name.utf8.elementsEqual(name.utf8) { Self.lower($0) == Self.lower($1) }
    }

    /// What follows `prefix` in the name, in lower case and with `%xx` decoded; nil if the name starts otherwise.
    ///
    /// Source: k8s.io/apiserver, `authentication/request/headerrequest`: a text that cannot be decoded stays as it is.
    package func key(behind prefix: String) -> String? {
        guard name.utf8.count >= prefix.utf8.count,
            zip(name.utf8, prefix.utf8).allSatisfy({ Self.lower($0) == Self.lower($1) })
        else { return nil }
        let rest = name.utf8.dropFirst(prefix.utf8.count).map(Self.lower)
        return String(decoding: Self.percentDecoded(rest) ?? rest, as: UTF8.self)
    }

    private static func percentDecoded(_ bytes: [UInt8]) -> [UInt8]? {
        var decoded: [UInt8] = []
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "%") else {
                decoded.append(bytes[index])
                index += 1
                continue
            }
            guard index + 2 < bytes.count, let high = digit(bytes[index + 1]),
                let low = digit(bytes[index + 2])
            else { return nil }
            decoded.append(high << 4 | low)
            index += 3
        }
        return decoded
    }

    /// Of a hexadecimal digit in lower case.
    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func lower(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        let isLetterOrDigit =
            (0x30...0x39).contains(byte) || (0x61...0x7a).contains(lower(byte))
        return isLetterOrDigit || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}
