// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A way to an endpoint that this machine may not reach by itself, for example through the node's ssh.
///
/// It is taken once a direct connection has failed, and from then on.
package final class Tunnel: Sendable, Hashable {
    private let open: @Sendable (_ address: String, _ port: Int) throws -> TunnelStream
    private let taken = Mutex(false)

    package init(open: @escaping @Sendable (_ address: String, _ port: Int) throws -> TunnelStream) {
        self.open = open
    }

    /// Whether it is the way that works.
    var isTaken: Bool { taken.withLock { $0 } }

    /// Keeps to this way from now on.
    package func take() { taken.withLock { $0 = true } }

    /// The same way for those who mean an address as the other end sees it, and none of this machine's own.
    package var always: Tunnel {
        let tunnel = Tunnel(open: open)
        tunnel.take()
        return tunnel
    }

    func connect(_ endpoint: APIServerEndpoint) throws -> TunnelStream {
        try open(endpoint.address, endpoint.port)
    }

    package static func == (one: Tunnel, other: Tunnel) -> Bool { one === other }

    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
