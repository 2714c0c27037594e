// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
import Secrets
import Synchronization
import Values

/// Requests to the agent on a node and its replies, one after the other.
final class AgentChannel: Sendable {
    private let connection: SSHConnection
    /// Whether the connection broke; a reply that comes late must not be taken for that of the next request.
    private let isBroken = Mutex(false)
    private let counted = Mutex(NodeTraffic())

    /// Seconds that a request may take: a disk that is busy is slow to sync.
    static let seconds = 60
    /// An answer has fewer bytes: as much as a large ConfigMap or a list of APIServices takes, many times over.
    private static let mostBytes = CommandRunner.mostBytes

    init(_ connection: SSHConnection) { self.connection = connection }

    var traffic: NodeTraffic { counted.withLock { $0 } }

    /// What the agent answered.
    enum Reply {
        /// What was written to standard output.
        case done(SecretBytes)
        /// It could not; what the program that failed wrote to standard output and to standard error.
        case failed(output: String, errors: String)
        /// The exit status of a program, and what it wrote.
        case exited(Int32, output: String, errors: String)
        case lockLost

        /// Standard output without the line feeds at its end; of a failure the standard error behind it.
        var text: String {
            switch self {
            case .done(let bytes):
                bytes.withUnsafeBytes { Self.trimmed(String(decoding: $0, as: UTF8.self)) }
            case .failed(let output, let errors), .exited(_, let output, let errors):
                Self.trimmed(output + errors)
            case .lockLost: ""
            }
        }

        /// Whether it says that what was asked for is not there.
        var isMissing: Bool { AgentChannel.isMissing(text) }

        private static func trimmed(_ text: String) -> String {
            let end = text.utf8.lastIndex { $0 != 0x0a }
            return end.map { String(decoding: text.utf8[...$0], as: UTF8.self) } ?? ""
        }
    }

    /// - Throws: for a name that was no text, which has become another one on its way.
    static func names(_ names: [String], in path: String) throws(NodeError) -> [String] {
        guard !names.contains(where: { $0.unicodeScalars.contains("\u{fffd}") }) else {
            throw .notText("list", path, "it holds a name that is not UTF-8")
        }
        return names.sorted { $0.bytes < $1.bytes }
    }

    /// Whether a program says that a file is not there; LC_ALL is C on the node.
    static func isMissing(_ text: String) -> Bool {
        text.contains("No such file or directory") || text.contains("Not a directory")
            || text.contains("No such process")
    }

    /// A part of a request.
    struct Part {
        let lines: [String]
        /// Sent after them, as base64 on a line.
        var content: FileContent?
    }

    /// - Parameter lines: the request's name and its arguments.
    /// - Throws: `node/connection-lost`.
    func request(_ lines: [String], seconds: Int = AgentChannel.seconds) throws(NodeError) -> Reply {
        try request([Part(lines: lines)], seconds: seconds)
    }

    /// - Parameter parts: the first line is the request's name, all that follow are its arguments.
    /// - Throws: `node/connection-lost`.
    func request(_ parts: [Part], seconds: Int) throws(NodeError) -> Reply {
        // A line feed in an argument would be another argument.
        for line in parts.flatMap(\.lines) where line.utf8.contains(0x0a) || line.utf8.contains(0) {
            throw NodeError(
                .system, operation: "use", subject: line.replacing("\n", with: "\\n"),
                underlying: "a name with a line feed cannot be used over ssh")
        }
        let result = isBroken.withLock { isBroken -> Result<Reply, NodeError> in
            guard !isBroken else { return .failure(lost("the connection broke before")) }
            do throws(SocketStream.Failure) {
                return .success(try exchange(parts, .now + .seconds(seconds)))
            } catch {
                isBroken = true
                return .failure(lost(why(error, seconds)))
            }
        }
        return try result.get()
    }

    private func exchange(
        _ parts: [Part], _ deadline: ContinuousClock.Instant
    ) throws(SocketStream.Failure) -> Reply {
        try connection.withAgent { (socket) throws(SocketStream.Failure) in
            for part in parts {
                let head = Array((part.lines.joined(separator: "\n") + "\n").utf8)
                try Self.send(head, to: socket, deadline)
                count(sent: head.count)
                if let content = part.content?.base64Line() {
                    try Self.send(content, to: socket, deadline)
                    count(sent: content.count)
                }
            }
            let answer = try Self.receiveReply(from: socket, until: deadline)
            counted.withLock {
                $0.requests += 1
                $0.received += answer.bytes
            }
            return answer.reply
        }
    }

    private func count(sent bytes: Int) { counted.withLock { $0.sent += bytes } }

    /// The next reply: a line with its kind and its sizes, what was written to standard output, and standard error.
    /// - Returns: also how many bytes it took.
    static func receiveReply(
        from socket: SocketStream, until deadline: ContinuousClock.Instant
    ) throws(SocketStream.Failure) -> (reply: Reply, bytes: Int) {
        let line = try socket.receiveLine(until: deadline)
        let words = line.split(separator: " ")
        guard words.count == 3, let count = Int(words[1]), (0..<Self.mostBytes).contains(count),
            let errors = Int(words[2]), (0...count).contains(errors)
        else { throw .closed("its answer is not understood") }
        let output = try receive(count - errors, from: socket, deadline)
        let reply = try reply(words[0], output, try receive(errors, from: socket, deadline))
        return (reply, line.utf8.count + 1 + count)
    }

    private static func receive(
        _ count: Int, from socket: SocketStream, _ deadline: ContinuousClock.Instant
    ) throws(SocketStream.Failure) -> SecretBytes {
        var failure: SocketStream.Failure?
        let bytes = SecretBytes(count: count) { buffer in
            do throws(SocketStream.Failure) { try socket.receive(into: buffer, until: deadline) } catch {
                failure = error
            }
            return count
        }
        if let failure { throw failure }
        return bytes
    }

    private static func reply(
        _ word: Substring, _ output: SecretBytes, _ errors: SecretBytes
    ) throws(SocketStream.Failure) -> Reply {
        func text(_ bytes: SecretBytes) -> String {
            bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        }
        switch word {
        case "ok": return .done(output)
        case "no": return .failed(output: text(output), errors: text(errors))
        case "lost": return .lockLost
        default:
            guard word.first == "x", let status = Int32(word.dropFirst()) else {
                throw .closed("its answer is not understood")
            }
            return .exited(status, output: text(output), errors: text(errors))
        }
    }

    private static func send(
        _ bytes: [UInt8], to socket: SocketStream, _ deadline: ContinuousClock.Instant
    ) throws(SocketStream.Failure) {
        // The library's withUnsafeBytes knows no typed throws.
        let failure = bytes.withUnsafeBytes { buffer -> SocketStream.Failure? in
            do throws(SocketStream.Failure) { try socket.send(buffer, until: deadline) } catch {
                return error
            }
            return nil
        }
        if let failure { throw failure }
    }

    private static func send(
        _ secret: SecretBytes, to socket: SocketStream, _ deadline: ContinuousClock.Instant
    ) throws(SocketStream.Failure) {
        try secret.withUnsafeBytes { (buffer) throws(SocketStream.Failure) in
            try socket.send(buffer, until: deadline)
        }
    }

    private func why(_ failure: SocketStream.Failure, _ seconds: Int) -> Message {
        switch failure {
        case .stopped: "stopped as asked"
        case .timedOut: "the node did not answer within \(seconds) s"
        case .closed(let why):
            connection.complaint().map { Message(verbatim: $0) } ?? "the connection broke: \(why)"
        }
    }

    private func lost(_ why: Message) -> NodeError {
        NodeError(
            .connectionLost, operation: "reach", subject: connection.destination.name, underlying: why,
            hint: "check that the node can be reached (ssh), then run it again: it continues")
    }
}

extension FileContent {
    /// The bytes as base64 with a line feed, in memory that is wiped.
    func base64Line() -> SecretBytes {
        func line(_ bytes: UnsafeRawBufferPointer) -> SecretBytes {
            let count = Base64.encodedCount(bytes.count)
            return SecretBytes(count: count + 1) { text in
                Base64.encode(bytes, into: text)
                text[count] = 0x0a
                return count + 1
            }
        }
        return switch self {
        case .bytes(let bytes): bytes.withUnsafeBytes(line)
        case .secret(let secret): secret.withUnsafeBytes(line)
        }
    }

    /// Lends the bytes.
    func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        switch self {
        case .bytes(let bytes): bytes.withUnsafeBytes(body)
        case .secret(let secret): secret.withUnsafeBytes(body)
        }
    }
}
