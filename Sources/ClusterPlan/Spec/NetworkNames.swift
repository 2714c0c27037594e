// SPDX-License-Identifier: Apache-2.0

/// A DNS name in canonical form: lower case, at most 253 characters, labels of at most 63, no wildcard.
package struct DNSName: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// - Returns: nil where `text` is not a host name (RFC 1123), or is not in canonical form.
    package init?(_ text: String) {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard !text.isEmpty, text.utf8.count <= 253, labels.allSatisfy(Self.isLabel) else { return nil }
        description = text
    }

    private static func isLabel(_ label: Substring) -> Bool {
        !label.isEmpty && label.utf8.count <= 63 && label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy {
                (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d
            }
    }
}

/// An IPv4 or IPv6 address, with its canonical text (RFC 5952 for IPv6).
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 or 16 bytes in network order.
    package let bytes: [UInt8]
    package let description: String

    /// - Returns: nil where `text` is not an address in canonical form.
    package init?(_ text: String) {
        return nil
    }
}
