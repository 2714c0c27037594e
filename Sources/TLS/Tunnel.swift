// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A stream to an endpoint that somebody else has connected.
package struct TunnelStream: Sendable {
    /// A stream socket, which its user closes.
    package let descriptor: Int32
    /// Why the stream has ended, as far as whoever carries it knows; asked once it has.
    package let complaint: @Sendable () -> String?

    package init(descriptor: Int32, complaint: @escaping @Sendable () -> String?) {
        self.descriptor = descriptor
        self.complaint = complaint
    }
}

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
