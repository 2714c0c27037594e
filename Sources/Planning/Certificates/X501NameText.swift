// SPDX-License-Identifier: Apache-2.0

/// Reads the DER of an X.501 name for messages; comparisons use the DER itself.
package enum X501NameText {
    /// RFC 2253 text of a name whose attributes are strings, for example `CN=aggregator,O=k8s`.
    /// - Returns: nil where the bytes are no such name.
    package static func text(der: [UInt8]) -> String? {
        guard let name = element(der[...], tag: 0x30), name.rest.isEmpty else { return nil }
        var parts: [String] = []
        var sets = name.content
        while !sets.isEmpty {
            guard let set = element(sets, tag: 0x31), let pair = element(set.content, tag: 0x30),
                let type = element(pair.content, tag: 0x06), let tag = type.rest.first,
                let value = element(type.rest, tag: tag)
            else { return nil }
            parts.append("\(label(Array(type.content)))=\(String(decoding: value.content, as: UTF8.self))")
            sets = set.rest
        }
        return parts.reversed().joined(separator: ",")
    }

    private static func element(
        _ bytes: ArraySlice<UInt8>, tag: UInt8
    ) -> (content: ArraySlice<UInt8>, rest: ArraySlice<UInt8>)? {
        guard bytes.count >= 2, bytes[bytes.startIndex] == tag else { return nil }
        var index = bytes.startIndex + 1
        var length = Int(bytes[index])
        index += 1
        if length >= 0x80 {
            let count = length & 0x7f
            guard (1...3).contains(count), bytes.endIndex - index >= count else { return nil }
            length = bytes[index..<index + count].reduce(0) { $0 << 8 | Int($1) }
            index += count
        }
        guard bytes.endIndex - index >= length else { return nil }
        return (bytes[index..<index + length], bytes[(index + length)...])
    }

    /// Attribute types of RFC 5280, appendix A, by the last byte of 2.5.4.x.
    private static func label(_ type: [UInt8]) -> String {
        guard type.count == 3, type[0] == 0x55, type[1] == 0x04 else { return "OID" }
        return switch type[2] {
        case 3: "CN"
        case 5: "serialNumber"
        case 6: "C"
        case 7: "L"
        case 8: "ST"
        case 10: "O"
        case 11: "OU"
        default: "2.5.4.\(type[2])"
        }
    }
}
