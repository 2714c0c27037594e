// SPDX-License-Identifier: Apache-2.0

import Values

/// Reads one HTTP/1.1 response from the pieces in which it arrives (RFC 9112).
///
/// Fed until `isComplete`, or until the server ends the session; strict where leniency would let a response that was
/// cut short pass for a whole one.
struct HTTPResponseParser {
    static let headerLimit = 64 * 1_024
    static let bodyLimit = 4 * 1_024 * 1_024

    private enum Body {
        case length(Int)
        case chunked(ChunkedBody)
        case untilEnd
    }

    private var buffer: [UInt8] = []
    private var head: HTTPHead?
    private var body = Body.untilEnd
    private(set) var isComplete = false
    private let attempt: Attempt

    init(_ attempt: Attempt) { self.attempt = attempt }

    mutating func append(_ bytes: [UInt8]) throws(APIServerError) {
        buffer += bytes
        while head == nil {
            guard let end = endOfHead() else {
                guard buffer.count <= Self.headerLimit else { throw tooLarge("headers", Self.headerLimit) }
                return
            }
            guard end <= Self.headerLimit else { throw tooLarge("headers", Self.headerLimit) }
            let parsed = try HTTPHead(buffer[..<end], attempt)
            buffer.removeFirst(end)
            // An interim response is followed by the real one.
            guard parsed.status >= 200 else { continue }
            body = try framing(of: parsed)
            head = parsed
        }
        try readBody()
    }

    /// The response, once the server has ended the session.
    ///
    /// - Parameter cut: the connection broke off without the TLS end mark.
    func finish(cut: Bool) throws(APIServerError) -> HTTPResponse {
        guard let head else {
            throw attempt.error(
                .http, buffer.isEmpty ? "the server sent no answer" : "the answer ends in its headers")
        }
        if case .untilEnd = body, !cut {
            return HTTPResponse(status: head.status, headers: head.headers, body: buffer)
        }
        guard isComplete else { throw attempt.error(.http, "the answer ends too early") }
        if case .chunked(let chunks) = body {
            return HTTPResponse(status: head.status, headers: head.headers, body: chunks.decoded)
        }
        return HTTPResponse(status: head.status, headers: head.headers, body: buffer)
    }

    private func endOfHead() -> Int? {
        guard buffer.count >= 4 else { return nil }
        let mark: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a]
        return (4...buffer.count).first { buffer[($0 - 4)..<$0].elementsEqual(mark) }
    }

    private func framing(of head: HTTPHead) throws(APIServerError) -> Body {
        if head.status == 204 || head.status == 304 { return .length(0) }
        let lengths = head.headers.filter { $0.name == "content-length" }.map(\.value)
        let codings = head.headers.filter { $0.name == "transfer-encoding" }.map(\.value)
        if !codings.isEmpty {
            guard lengths.isEmpty, codings.count == 1, codings[0].lowercased() == "chunked" else {
                throw attempt.error(
                    .http, "the answer's framing is ambiguous: \(list: codings)")
            }
            return .chunked(ChunkedBody(limit: Self.bodyLimit))
        }
        guard let first = lengths.first else { return .untilEnd }
        guard Set(lengths).count == 1, first.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let length = Int(first)
        else { throw attempt.error(.http, "the answer's content-length is not a number") }
        guard length <= Self.bodyLimit else { throw tooLarge("body", Self.bodyLimit) }
        return .length(length)
    }

    private mutating func readBody() throws(APIServerError) {
        switch body {
        case .untilEnd:
            guard buffer.count <= Self.bodyLimit else { throw tooLarge("body", Self.bodyLimit) }
        case .length(let length):
            // What follows the body is not ours; the connection ends here.
            if buffer.count > length { buffer.removeLast(buffer.count - length) }
            isComplete = buffer.count == length
        case .chunked(var chunks):
            switch chunks.append(buffer) {
            case .more: break
            case .end: isComplete = true
            case .malformed: throw attempt.error(.http, "a chunk of the answer is malformed")
            case .tooLarge: throw tooLarge("body", Self.bodyLimit)
            }
            buffer.removeAll()
            body = .chunked(chunks)
        }
    }

    private func tooLarge(_ what: Message, _ limit: Int) -> APIServerError {
        attempt.error(.tooLarge, "the answer's \(what) exceed the limit of \(limit) bytes")
    }
}
