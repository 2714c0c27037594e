// SPDX-License-Identifier: Apache-2.0

/// The header block of one member of a tar archive.
struct TarHeader {
    private let block: [UInt8]

    /// - Parameter block: 512 bytes.
    init(_ block: [UInt8]) { self.block = block }

    /// Whether it is the block that ends an archive.
    var isZero: Bool { block.allSatisfy { $0 == 0 } }

    /// Whether the checksum, over the block with blanks in its own place, is right.
    var isSound: Bool {
        let sum = block.indices.reduce(0) { $0 + ((148..<156).contains($1) ? 0x20 : Int(block[$1])) }
        return number(148..<156) == sum
    }

    var type: UInt8 { block[156] }
    var mode: UInt32 { UInt32(clamping: (number(100..<108) ?? 0) & 0o7777) }
    var userID: UInt32 { UInt32(clamping: number(108..<116) ?? 0) }
    var groupID: UInt32 { UInt32(clamping: number(116..<124) ?? 0) }
    /// nil where it is no number; other members than files have none, whatever is written.
    var size: Int? {
        [UInt8(ascii: "1"), UInt8(ascii: "2"), UInt8(ascii: "5")].contains(type) ? 0 : number(124..<136)
    }
    /// nil where it is not UTF-8.
    var target: String? { text(157..<257) }

    var path: String? {
        guard let name = text(0..<100) else { return nil }
        let isUSTAR = block[257..<263].elementsEqual("ustar\0".utf8)
        guard isUSTAR, let prefix = text(345..<500), !prefix.isEmpty else { return name }
        return "\(prefix)/\(name)"
    }

    private func text(_ range: Range<Int>) -> String? {
        String(validating: block[range].prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Octal digits between blanks, or with the top bit set the bytes of a number.
    private func number(_ range: Range<Int>) -> Int? {
        let field = block[range]
        if let first = field.first, first & 0x80 != 0 {
            // A negative number, or one that no file of ours has.
            guard first == 0x80, field.dropFirst().dropLast(7).allSatisfy({ $0 == 0 }) else { return nil }
            return field.suffix(7).reduce(0) { $0 << 8 | Int($1) }
        }
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0x20 && $0 != 0 }
        return digits.isEmpty ? 0 : Int(String(decoding: digits, as: UTF8.self), radix: 8)
    }
}
