// SPDX-License-Identifier: Apache-2.0

/// RFC 4648 base64 on raw memory: a key that is sent over must not become a `String` or stay in a buffer.
package enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    /// The value of each byte; 255 for what is no digit.
    private static let values: [UInt8] = (0...255).map { byte in
        digits.firstIndex(of: UInt8(byte)).map { UInt8($0) } ?? 255
    }

    /// The text of what is no secret.
    package static func text(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: encodedCount(bytes.count)) { text in
            bytes.withUnsafeBytes { encode($0, into: UnsafeMutableRawBufferPointer(text)) }
            return encodedCount(bytes.count)
        }
    }

    /// The text of what is no secret, without padding.
    package static func unpaddedText(_ bytes: [UInt8]) -> String {
        let text = text(bytes)
        return String(decoding: text.utf8.prefix { $0 != 0x3d }, as: UTF8.self)
    }

    /// The bytes of what is no secret.
    /// - Returns: nil where the text is not base64 with padding, in its one form.
    package static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
        let text = Array(text)
        var count: Int?
        var bytes = [UInt8](repeating: 0, count: text.count)
        text.withUnsafeBytes { from in
            bytes.withUnsafeMutableBytes { count = decode(from, into: $0) }
        }
        guard let count else { return nil }
        bytes.removeLast(bytes.count - count)
        return Self.text(bytes).utf8.elementsEqual(text) ? bytes : nil
    }

    /// The bytes of what is no secret.
    /// - Returns: nil where the text is not base64 without padding, in its one form.
    package static func unpaddedBytes(_ text: some BidirectionalCollection<UInt8>) -> [UInt8]? {
        guard text.last != 0x3d else { return nil }
        return bytes(Array(text) + [UInt8](repeating: 0x3d, count: (4 - text.count % 4) % 4))
    }

    /// Number of characters for `count` bytes, with padding.
    package static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

    /// Writes the text of `bytes` to the beginning of `text`, which has room for it.
    package static func encode(_ bytes: UnsafeRawBufferPointer, into text: UnsafeMutableRawBufferPointer) {
        var position = 0
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let rest = min(3, bytes.count - start)
            var group = UInt32(bytes[start]) << 16
            if rest > 1 { group |= UInt32(bytes[start + 1]) << 8 }
            if rest > 2 { group |= UInt32(bytes[start + 2]) }
            for place in 0..<4 {
                let digit = digits[Int(group >> UInt32(18 - 6 * place) & 63)]
                text[position + place] = place <= rest ? digit : 0x3d
            }
            position += 4
        }
    }

    /// Writes the bytes of `text` to `bytes`, which has room for three quarters of it.
    /// - Returns: how many; nil where the text is not base64 with padding.
    package static func decode(_ text: UnsafeRawBufferPointer, into bytes: UnsafeMutableRawBufferPointer)
        -> Int?
    {
        guard text.count % 4 == 0 else { return nil }
        var count = 0
        for start in stride(from: 0, to: text.count, by: 4) {
            let isLast = start + 4 == text.count
            let padding = isLast ? text[start..<start + 4].reversed().prefix { $0 == 0x3d }.count : 0
            guard padding <= 2 else { return nil }
            var group: UInt32 = 0
            for place in 0..<4 {
                let value = place < 4 - padding ? values[Int(text[start + place])] : 0
                guard value != 255 else { return nil }
                group = group << 6 | UInt32(value)
            }
            for place in 0..<3 - padding {
                bytes[count] = UInt8(truncatingIfNeeded: group >> UInt32(16 - 8 * place))
                count += 1
            }
        }
        return count
    }
}
