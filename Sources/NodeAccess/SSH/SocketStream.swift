// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// Sends to and receives from a stream socket within a time limit; the socket belongs to somebody else.
struct SocketStream {
    let number: Int32
    /// For errors: the node.
    let name: String

    /// Whether what waits is to wait no longer; nil where nobody asks.
    var isStopped: (@Sendable () -> Bool)?

    init(number: Int32, name: String, isStopped: (@Sendable () -> Bool)? = nil) {
        (self.number, self.name, self.isStopped) = (number, name, isStopped)
    }

    enum Failure: Error {
        /// `isStopped` said so.
        case stopped
        /// The other side has closed, or the system says why not.
        case closed(Message)
        case timedOut
    }

    /// - Parameter deadline: a moment of the monotonic clock.
    func send(_ bytes: UnsafeRawBufferPointer, until deadline: ContinuousClock.Instant) throws(Failure) {
        var rest = bytes
        while let base = rest.baseAddress, rest.count > 0 {
            let count = Glibc.send(number, base, rest.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            if count > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if count < 0, errno == EAGAIN {
                try wait(for: POLLOUT, until: deadline)
            } else if count < 0, errno != EINTR {
                throw .closed(Message(system: strerror(errno)))
            }
        }
    }

    /// Fills the whole of `buffer`.
    func receive(
        into buffer: UnsafeMutableRawBufferPointer, until deadline: ContinuousClock.Instant
    ) throws(Failure) {
        var filled = 0
        while filled < buffer.count, let base = buffer.baseAddress {
            let count = recv(number, base + filled, buffer.count - filled, Int32(MSG_DONTWAIT))
            if count > 0 {
                filled += count
            } else if count == 0 {
                throw .closed("it was closed")
            } else if errno == EAGAIN {
                try wait(for: POLLIN, until: deadline)
            } else if errno != EINTR {
                throw .closed(Message(system: strerror(errno)))
            }
        }
    }

    /// Bytes up to the next line feed, without it; of a longer line the first `limit`.
    func receiveLine(limit: Int = 4096, until deadline: ContinuousClock.Instant) throws(Failure) -> String {
        var line: [UInt8] = []
        var byte: [UInt8] = [0]
        while true {
            var failure: Failure?
            byte.withUnsafeMutableBytes { buffer in
                do throws(Failure) { try receive(into: buffer, until: deadline) } catch { failure = error }
            }
            if let failure { throw failure }
            if byte[0] == 0x0a { return String(decoding: line, as: UTF8.self) }
            if line.count < limit { line.append(byte[0]) }
        }
    }

    /// Passes over lines until one is `greeting`: what a login shell prints is not ours.
    func awaitGreeting(_ greeting: String, until deadline: ContinuousClock.Instant) throws(Failure) {
        var lines = 0
        while try receiveLine(until: deadline) != greeting {
            lines += 1
            if lines > 10_000 { throw .closed("its login shell printed more than 10000 lines") }
        }
    }

    private func wait(for events: Int32, until deadline: ContinuousClock.Instant) throws(Failure) {
        while true {
            let left = (deadline - .now).components
            let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
            if isStopped?() == true { throw .stopped }
            guard milliseconds > 0 else { throw .timedOut }
            let slice = isStopped == nil ? milliseconds : min(milliseconds, 100)
            var poll = pollfd(fd: number, events: Int16(events), revents: 0)
            let ready = Glibc.poll(&poll, 1, Int32(clamping: slice + 1))
            if ready == 0 { continue }
            // Any other failure shows again, with its reason, in the call that follows.
            if ready > 0 || ready < 0 && errno != EINTR { return }
        }
    }
}
