// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization
import Values

/// A small HTTPS server that sees what its clients present: one request a connection, one thread, bounded in connections,
/// time and bytes, so that others who find the port can neither stop it nor make it grow.
package final class HTTPSServer: Sendable {
    package struct Limits: Sendable {
        /// Connections at once; the oldest gives way to a new one.
        package var connections: Int
        /// For one connection, handshake and request together.
        package var time: Duration

        package init(connections: Int = 128, time: Duration = .seconds(10)) {
            self.connections = connections
            self.time = time
        }
    }

    /// Where it listens.
    package let address: String
    package let port: Int
    /// Our end of the pair whose closing ends the loop; -1 once it is closed.
    private let wake: Mutex<Int32>
    private let ended = DispatchGroup()

    /// Listens, and answers on a thread of its own.
    /// - Parameters:
    ///   - address: an IP address of this machine, or `0.0.0.0` or `::` for all.
    ///   - port: 0 for one that is free.
    ///   - identity: the server's certificate, and what else of its chain must be sent, with the key.
    ///   - handler: called for one request after the other.
    /// - Throws: `.unreachable` where it cannot listen there; `.identity`.
    package init(
        address: String, port: Int = 0, identity: ClientIdentity, limits: Limits = Limits(),
        handler: @escaping @Sendable (ReceivedRequest) -> ServerReply
    ) throws(APIServerError) {
        let attempt = Attempt(
            operation: "listen at", subject: APIServerEndpoint(address: address, port: port).authority)
        let context = try TLSContext.server(identity, attempt)
        let listener = try ListeningSocket(address: address, port: port, attempt)
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0
        else { throw attempt.system(.unreachable, errno) }
        self.address = address
        self.port = listener.port
        wake = Mutex(ends[1])
        let loop = ServerLoop(
            context: context, listener: listener, stop: ends[0], limits: limits, handler: handler)
        DispatchQueue(label: "https server").async(group: ended) { loop.run() }
    }

    deinit { stop() }

    /// Ends it: the port is free when this returns.
    package func close() {
        stop()
        ended.wait()
    }

    private func stop() {
        wake.withLock { descriptor in
            guard descriptor >= 0 else { return }
            // Also where a program that is just being started has a copy of it.
            _ = shutdown(descriptor, Int32(SHUT_RDWR))
            _ = Glibc.close(descriptor)
            descriptor = -1
        }
    }
}

/// What the server's thread does.
private final class ServerLoop: @unchecked Sendable {
    // Made on one thread, given to the server's own, and used by no other afterwards.
    private let context: TLSContext
    private let listener: ListeningSocket
    private let stop: Int32
    private let limits: HTTPSServer.Limits
    private let handler: @Sendable (ReceivedRequest) -> ServerReply
    /// Oldest first.
    private var connections: [ServedConnection] = []

    init(
        context: consuming TLSContext, listener: ListeningSocket, stop: Int32, limits: HTTPSServer.Limits,
        handler: @escaping @Sendable (ReceivedRequest) -> ServerReply
    ) {
        self.context = context
        self.listener = listener
        self.stop = stop
        self.limits = limits
        self.handler = handler
    }

    deinit { _ = close(stop) }

    func run() {
        while true {
            var polled = [
                pollfd(fd: stop, events: Int16(POLLIN), revents: 0),
                pollfd(fd: listener.number, events: Int16(POLLIN), revents: 0),
            ]
            polled += connections.map { pollfd(fd: $0.socket, events: $0.events, revents: 0) }
            let soonest = connections.map(\.deadline.remainingMilliseconds).min()
            // A little later than the deadline, which is counted in whole milliseconds.
            let count = poll(&polled, nfds_t(polled.count), soonest.map { $0 + 1 } ?? -1)
            if count < 0 { continue }
            if polled[0].revents != 0 { return }
            for (connection, state) in zip(connections, polled.dropFirst(2)) where state.revents != 0 {
                connection.advance(handler)
            }
            connections.removeAll(where: \.isClosed)
            if polled[1].revents != 0 { accept() }
        }
    }

    private func accept() {
        guard let socket = listener.accept() else {
            // Out of descriptors: the oldest connection gives its own back.
            if errno == EMFILE || errno == ENFILE, !connections.isEmpty { connections.removeFirst() }
            return
        }
        guard let session = TLSServerSession(context) else {
            _ = close(socket)
            return
        }
        if connections.count >= limits.connections { connections.removeFirst() }
        connections.append(ServedConnection(owning: socket, session, time: limits.time))
    }
}
