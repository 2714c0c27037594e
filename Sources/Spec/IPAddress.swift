// SPDX-License-Identifier: Apache-2.0

/// An IPv4 or IPv6 address, with its canonical text (RFC 5952 for IPv6).
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 or 16 bytes in network order.
    package let bytes: [UInt8]
    package let description: String

    /// - Returns: nil where `text` is not an address in canonical form.
    package init?(_ text: String) {
        guard let address = Self.parse(text), address.description.utf8.elementsEqual(text.utf8) else {
            return nil
        }
        self = address
    }

    private init(bytes: [UInt8], description: String) {
        self.bytes = bytes
        self.description = description
    }

    /// - Parameter bytes: 4 or 16, in network order.
    package init(bytes: [UInt8]) {
        let groups = stride(from: 0, to: bytes.count - 1, by: 2).map {
            UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
        }
        self.init(
            bytes: bytes, description: bytes.count == 4 ? Self.dotted(bytes[...]) : Self.canonical(groups))
    }

    /// The address that `text` stands for in any form of RFC 4291, canonical or not; nil where it is none.
    ///
    /// IPv4 is dotted decimal without leading zeros, which some programs read as octal. No zone, no prefix.
    package static func parse(_ text: String) -> IPAddress? {
        let characters = Array(text.utf8)
        if let bytes = ipv4(characters[...]) {
            return IPAddress(bytes: bytes, description: dotted(bytes[...]))
        }
        guard let groups = ipv6(characters) else { return nil }
        let bytes = groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
        return IPAddress(bytes: bytes, description: canonical(groups))
    }

    /// An IPv6 address that only wraps an IPv4 address (`::ffff:192.0.2.1`): that address, else nil.
    package var mappedIPv4: IPAddress? {
        guard bytes.count == 16, bytes[0..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xff, bytes[11] == 0xff
        else { return nil }
        return IPAddress(bytes: Array(bytes[12...]), description: Self.dotted(bytes[12...]))
    }

    /// `0.0.0.0` or `::`.
    package var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

    private static func ipv4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = text.split(separator: 0x2e, maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy({ (0x30...0x39).contains($0) }),
                part.count == 1 || part.first != 0x30
            else { return nil }
            let value = part.reduce(0) { $0 * 10 + Int($1 - 0x30) }
            guard let byte = UInt8(exactly: value) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func ipv6(_ text: [UInt8]) -> [UInt16]? {
        // The longest form is eight groups with the last two as IPv4: 45 characters.
        guard (2...45).contains(text.count) else { return nil }
        var gap: Int?
        for index in text.indices.dropLast() where text[index] == 0x3a && text[index + 1] == 0x3a {
            guard gap == nil else { return nil }
            gap = index
        }
        guard let gap else {
            guard let groups = ipv6Groups(text[...]), groups.count == 8 else { return nil }
            return groups
        }
        // A gap stands for one group at least, and dotted decimal only ends an address.
        let tail = text[(gap + 2)...]
        guard !text[..<gap].contains(0x2e), let front = ipv6Groups(text[..<gap]),
            let back = ipv6Groups(tail), front.count + back.count <= 7
        else { return nil }
        return front + Array(repeating: 0, count: 8 - front.count - back.count) + back
    }

    private static func ipv6Groups(_ text: ArraySlice<UInt8>) -> [UInt16]? {
        if text.isEmpty { return [] }
        let parts = text.split(separator: 0x3a, omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if part.contains(0x2e) {
                guard index == parts.count - 1, let bytes = ipv4(part) else { return nil }
                groups.append(UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
                groups.append(UInt16(bytes[2]) << 8 | UInt16(bytes[3]))
            } else {
                guard (1...4).contains(part.count), part.allSatisfy(isHexDigit),
                    let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }

    private static func dotted(_ bytes: ArraySlice<UInt8>) -> String {
        bytes.map { String($0) }.joined(separator: ".")
    }

    /// RFC 5952: lower case, no leading zeros, the first longest run of two zero groups or more as `::`,
    /// and the mixed form for IPv4-mapped addresses.
    private static func canonical(_ groups: [UInt16]) -> String {
        if groups[0..<5].allSatisfy({ $0 == 0 }), groups[5] == 0xffff {
            let bytes = groups[6...].flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
            return "::ffff:\(dotted(bytes[...]))"
        }
        var longest = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(1, longest.count) { longest = start..<end }
            start = max(end, start + 1)
        }
        func hex(_ range: Range<Int>) -> String {
            groups[range].map { String($0, radix: 16) }.joined(separator: ":")
        }
        return longest.isEmpty ? hex(0..<8) : "\(hex(0..<longest.lowerBound))::\(hex(longest.upperBound..<8))"
    }
}
