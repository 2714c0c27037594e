// SPDX-License-Identifier: Apache-2.0

import Spec

/// The IP addresses that a Linux machine has, by what its kernel says of them.
package enum MachineAddresses {
    package static let files = (ipv4: "/proc/net/fib_trie", ipv6: "/proc/net/if_inet6")

    /// - Parameters:
    ///   - ipv4: of `/proc/net/fib_trie`.
    ///   - ipv6: of `/proc/net/if_inet6`; empty where the machine has none of that family.
    /// - Returns: those that others can reach it by, in canonical form: neither loopback nor link-local.
    package static func read(ipv4: [UInt8], ipv6: [UInt8]) -> Set<String> {
        Set(routed(String(decoding: ipv4, as: UTF8.self)) + global(String(decoding: ipv6, as: UTF8.self)))
    }

    /// An address in its canonical form; any other text as it is.
    package static func canonical(_ text: String) -> String { IPAddress.parse(text)?.description ?? text }

    /// `|-- ADDRESS` in one line, and `/32 host LOCAL` in the next.
    private static func routed(_ text: String) -> [String] {
        var last: Substring = ""
        var addresses: [String] = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "|--" {
                last = words[1]
            } else if words == ["/32", "host", "LOCAL"], !last.hasPrefix("127."), !last.hasPrefix("169.254.")
            {
                addresses.append(String(last))
            }
        }
        return addresses
    }

    /// `ADDRESS INDEX LENGTH SCOPE FLAGS DEVICE` in hexadecimal; scope 00 is global.
    private static func global(_ text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count >= 4, words[0].utf8.count == 32, words[3] == "00" else { return nil }
            let digits = Array(words[0].utf8)
            let bytes = stride(from: 0, to: 32, by: 2).compactMap { index in
                UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16)
            }
            return bytes.count == 16 ? IPAddress(bytes: bytes).description : nil
        }
    }
}
