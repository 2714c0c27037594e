// SPDX-License-Identifier: Apache-2.0

import Spec

/// A range of IP addresses, as `10.254.0.0/16`; one address is a range too.
package struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    /// The first address.
    package let first: IPAddress
    /// How many of its bits all addresses of the range share.
    package let prefix: Int

    /// - Returns: nil where `text` is not `ADDRESS/PREFIX`, as Go's net.ParseCIDR reads it.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress.parse(String(parts[0])),
            parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let prefix = Int(parts[1]),
            prefix <= address.bytes.count * 8
        else { return nil }
        self.init(address, prefix: prefix)
    }

    /// One address alone.
    package init(_ address: IPAddress) { self.init(address, prefix: address.bytes.count * 8) }

    /// - Parameter prefix: at most the number of the address's bits.
    private init(_ address: IPAddress, prefix: Int) {
        // Go takes an IPv4 address in either form for the same.
        let plain = prefix >= 96 ? address.mappedIPv4 : nil
        let (address, prefix) = (plain ?? address, plain == nil ? prefix : prefix - 96)
        let bytes = address.bytes.enumerated().map { index, byte in
            byte & Self.mask(min(8, max(0, prefix - index * 8)))
        }
        first = IPAddress(bytes: bytes)
        self.prefix = prefix
    }

    private static func mask(_ bits: Int) -> UInt8 { ~UInt8(truncatingIfNeeded: 0xff >> bits) }

    package var description: String {
        prefix == first.bytes.count * 8 ? first.description : "\(first)/\(prefix)"
    }

    /// Whether every address of the other one is in this one.
    package func contains(_ other: AddressRange) -> Bool {
        first.bytes.count == other.first.bytes.count && prefix <= other.prefix
            && Self(other.first, prefix: prefix).first == first
    }

    /// Whether every address is in one of `ranges`, which may hold a part of it each.
    package func isCovered(by ranges: [AddressRange]) -> Bool {
        if ranges.contains(where: { $0.contains(self) }) { return true }
        let parts = ranges.filter(contains)
        guard !parts.isEmpty, prefix < first.bytes.count * 8 else { return false }
        var upper = first.bytes
        upper[prefix / 8] |= 0x80 >> UInt8(prefix % 8)
        return Self(first, prefix: prefix + 1).isCovered(by: parts)
            && Self(IPAddress(bytes: upper), prefix: prefix + 1).isCovered(by: parts)
    }
}
