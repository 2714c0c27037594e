// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// A connected TCP socket that is closed when it goes out of scope; non-blocking inside, with deadlines outside.
///
/// Data goes out with MSG_NOSIGNAL, so a peer that has gone is EPIPE and never SIGPIPE.
struct TCPConnection: ~Copyable {
    private let socket: Int32
    private let attempt: Attempt
    private let tunnel: Tunnel?
    /// Why a stream through a tunnel has ended.
    private let complaint: (@Sendable () -> String?)?

    private init(
        owning socket: Int32, attempt: Attempt, tunnel: Tunnel? = nil,
        complaint: (@Sendable () -> String?)? = nil
    ) {
        self.socket = socket
        self.attempt = attempt
        self.tunnel = tunnel
        self.complaint = complaint
    }

    deinit { _ = close(socket) }

    /// Connects directly, else through the endpoint's tunnel where it has one.
    ///
    /// - Throws: `.unreachable` with what became of each way; `.timeout` once the time is up.
    static func open(
        _ endpoint: APIServerEndpoint, connect: Duration, deadline: Deadline, _ attempt: Attempt
    ) throws(APIServerError) -> TCPConnection {
        guard let tunnel = endpoint.tunnel else {
            return try direct(endpoint, connect: connect, deadline: deadline, attempt)
        }
        var direct = ""
        if !tunnel.isTaken {
            do throws(APIServerError) {
                // There is another way, so this one gets less time.
                return try self.direct(
                    endpoint, connect: min(connect, .seconds(2)), deadline: deadline, attempt)
            } catch {
                direct = "directly: \(error.underlying); "
            }
        }
        do {
            let stream = try tunnel.connect(endpoint)
            _ = fcntl(stream.descriptor, F_SETFL, fcntl(stream.descriptor, F_GETFL) | O_NONBLOCK)
            return TCPConnection(
                owning: stream.descriptor, attempt: attempt, tunnel: tunnel, complaint: stream.complaint)
        } catch {
            throw attempt.error(.unreachable, "\(direct)through ssh: \(error)")
        }
    }

    /// Tries each of the endpoint's addresses in turn, until one accepts.
    private static func direct(
        _ endpoint: APIServerEndpoint, connect: Duration, deadline: Deadline, _ attempt: Attempt
    ) throws(APIServerError) -> TCPConnection {
        var failures: [Message] = []
        var timedOut = false
        for address in try resolve(endpoint, attempt) {
            let number = Glibc.socket(address.family, Int32(SOCK_STREAM.rawValue) | Self.flags, 0)
            guard number >= 0 else {
                failures.append("\(address.text): \(Message(system: strerror(errno)))")
                continue
            }
            let connection = TCPConnection(owning: number, attempt: attempt)
            let result = connection.connect(address, deadline.atMost(connect))
            if result == 0 { return connection }
            timedOut = timedOut || result == ETIMEDOUT
            failures.append("\(address.text): \(Message(system: strerror(result)))")
        }
        throw attempt.error(
            timedOut ? .timeout : .unreachable, failures.joined(separator: ", "),
            hint: "check that kube-apiserver runs there and that no firewall blocks the way")
    }

    private static let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

    /// - Returns: 0, or the `errno` value.
    private func connect(_ address: SocketAddress, _ deadline: Deadline) -> Int32 {
        let started = address.withPointer { Glibc.connect(socket, $0, $1) }
        if started == 0 { return 0 }
        // An interrupted connect(2) goes on by itself, as one in progress does.
        guard errno == EINPROGRESS || errno == EINTR else { return errno }
        guard wait(for: POLLOUT, deadline) else { return ETIMEDOUT }
        var result: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(socket, SOL_SOCKET, SO_ERROR, &result, &size) == 0 else { return errno }
        return result
    }

    /// - Returns: false once the deadline has passed.
    private func wait(for events: Int32, _ deadline: Deadline) -> Bool {
        var poll = pollfd(fd: socket, events: Int16(events), revents: 0)
        while true {
            let left = deadline.remainingMilliseconds
            let ready = Glibc.poll(&poll, 1, left)
            if ready > 0 { return true }
            // Any other failure of poll(2) shows again, with its reason, in the call that follows.
            if ready < 0, errno != EINTR { return true }
            if left == 0 { return false }
        }
    }

    /// Sends all of `bytes`.
    ///
    /// - Throws: `.timeout`, or `.tls` when the other side has gone.
    func send(_ bytes: [UInt8], _ deadline: Deadline, phase: Message) throws(APIServerError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                guard wait(for: POLLOUT, deadline) else { throw attempt.timeout(phase) }
            } else if errno != EINTR {
                throw attempt.system(.tls, errno, hint: "the server closed the connection")
            }
        }
    }

    /// Receives what has arrived, at least one byte.
    ///
    /// - Returns: an empty array once the other side has closed.
    func receive(_ deadline: Deadline, phase: Message) throws(APIServerError) -> [UInt8] {
        while true {
            // A server that drips a byte now and then must not get more time than a silent one.
            guard deadline.remainingMilliseconds > 0 else { throw attempt.timeout(phase) }
            var count = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, used in
                count = recv(socket, buffer.baseAddress, buffer.count, 0)
                used = max(0, count)
            }
            if count > 0 { tunnel?.take() }
            if count == 0, let complaint, let why = complaint() {
                throw attempt.error(
                    .unreachable, "through ssh: \(why)", hint: "check that kube-apiserver runs there")
            }
            if count >= 0 { return bytes }
            if errno == EAGAIN {
                guard wait(for: POLLIN, deadline) else { throw attempt.timeout(phase) }
            } else if errno != EINTR {
                throw attempt.system(.tls, errno, hint: "the server closed the connection")
            }
        }
    }
}
