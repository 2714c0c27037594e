// SPDX-License-Identifier: Apache-2.0

/// Where one kube-apiserver listens; its own address, not that of a load balancer.
package struct APIServerEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// IPv4 or IPv6 address (no brackets), or a host name.
    package let address: String
    package let port: Int
    /// The way there where this machine has none of its own; nil for none.
    package let tunnel: Tunnel?

    package init(address: String, port: Int, tunnel: Tunnel? = nil) {
        self.address = address
        self.port = port
        self.tunnel = tunnel
    }

    /// `host:port` as it stands in a URL and in the Host header (RFC 3986: an IPv6 address in brackets).
    package var authority: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }

    package var description: String { "https://\(authority)" }
}
