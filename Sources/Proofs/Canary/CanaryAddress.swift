// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// Where control planes reach this machine, as the operator says it: `ADDRESS`, `ADDRESS:PORT`, `[IPV6]:PORT`.
package struct CanaryAddress: Sendable, Equatable {
    package let address: IPAddress
    /// nil for any port that is free.
    package let port: Int?

    /// - Throws: `usage/canary-address`.
    package init(_ text: String) throws {
        let (host, port) = Self.parts(text)
        guard let address = IPAddress(host), !address.isUnspecified else {
            throw Self.refused(text, "it does not begin with an IP address in its canonical form")
        }
        self.address = address
        self.port = try port.map { digits in
            guard let number = Int(digits), (1...65_535).contains(number) else {
                throw Self.refused(text, "its port is not a number from 1 to 65535")
            }
            return number
        }
    }

    private static func parts(_ text: String) -> (host: String, port: String?) {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            let host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            return (host, rest.isEmpty ? nil : String(rest.dropFirst(rest.hasPrefix(":") ? 1 : 0)))
        }
        // More than one colon is an IPv6 address.
        guard let colon = text.firstIndex(of: ":"), text.lastIndex(of: ":") == colon else {
            return (text, nil)
        }
        return (String(text[..<colon]), String(text[text.index(after: colon)...]))
    }

    private static func refused(_ text: String, _ why: Message) -> BootstrapError {
        BootstrapError(
            "usage/canary-address", status: .usage, "cannot use --canary-address \(text): \(why)",
            hint:
                "write 192.0.2.1, 192.0.2.1:8443 or [2001:db8::1]:8443: an address at which the control planes reach this machine"
        )
    }
}
