// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One connection of an `HTTPSServer`, from its acceptance to the end: at most one request.
final class ServedConnection {
    private enum Phase {
        case reading
        /// The answer is on its way out.
        case answering
        /// All is sent: what still arrives is thrown away until the client closes, else it could lose the answer.
        case draining
        case closed
    }

    private static let lingering = Duration.seconds(1)

    let socket: Int32
    private(set) var deadline: Deadline
    private let session: TLSServerSession
    private var parser = HTTPRequestParser()
    private var phase = Phase.reading
    private var pending: [UInt8] = []

    /// - Parameter socket: non-blocking; the connection closes it.
    init(owning socket: Int32, _ session: TLSServerSession, time: Duration) {
        self.socket = socket
        self.session = session
        deadline = Deadline(in: time)
    }

    deinit { _ = close(socket) }

    var isClosed: Bool {
        if case .closed = phase { return true }
        return deadline.remainingMilliseconds == 0
    }

    /// For poll(2).
    var events: Int16 {
        // What arrives behind the request is looked at only once the answer is out.
        if case .answering = phase { return Int16(POLLOUT) }
        return Int16(POLLIN | (pending.isEmpty ? 0 : POLLOUT))
    }

    /// Goes on after poll(2) has seen something.
    func advance(_ handler: (ReceivedRequest) -> ServerReply) {
        switch phase {
        case .reading: read(handler)
        case .draining:
            // Bounded by the deadline and by what one read takes.
            if case .gone = receive() { phase = .closed }
        case .answering, .closed: break
        }
        send()
    }

    private enum Input {
        case bytes([UInt8])
        case nothing
        case gone
    }

    private func receive() -> Input {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, used in
            count = recv(socket, buffer.baseAddress, buffer.count, 0)
            used = max(0, count)
        }
        if count > 0 { return .bytes(bytes) }
        return count < 0 && (errno == EAGAIN || errno == EINTR) ? .nothing : .gone
    }

    private func read(_ handler: (ReceivedRequest) -> ServerReply) {
        switch receive() {
        case .nothing: return
        case .gone: phase = .closed
        case .bytes(let bytes):
            var progress = session.advance(bytes)
            while case .received(let text) = progress {
                switch parser.append(text) {
                case .more: break
                case .refused(let status): return answer(ServerReply(status: status, json: "{}"))
                case .complete(var request):
                    request.presented = session.presented
                    return answer(handler(request))
                }
                progress = session.advance()
            }
            pending += session.output()
            switch progress {
            case .waiting, .received: break
            case .ended, .broken:
                // An alert tells the client why.
                phase = .answering
            }
        }
    }

    private func answer(_ reply: ServerReply) {
        session.finish(reply.bytes)
        pending += session.output()
        phase = .answering
    }

    private func send() {
        while !pending.isEmpty {
            let count = pending.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return }
            guard count > 0 else {
                phase = .closed
                return
            }
            pending.removeFirst(count)
        }
        guard case .answering = phase else { return }
        _ = shutdown(socket, Int32(SHUT_WR))
        phase = .draining
        deadline = deadline.atMost(Self.lingering)
    }
}
