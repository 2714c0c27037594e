// SPDX-License-Identifier: Apache-2.0

import Values

/// HTTP/1.1 over TLS: one connection for each request.
package enum HTTPSClient {
    /// Sends `request` and reads the whole answer; any status is an answer.
    ///
    /// The request leaves only after the server has proved who it is.
    /// - Throws: every code of `APIServerError` but `.status` and `.body`.
    package static func send(
        _ request: HTTPRequest, to endpoint: APIServerEndpoint, trust: ServerTrust,
        as caller: Caller = .anonymous,
        timeouts: RequestTimeouts = RequestTimeouts()
    ) throws(APIServerError) -> HTTPResponse {
        let attempt = request.attempt(at: endpoint)
        let bytes = try request.encoded(for: endpoint, as: caller, attempt)
        let connection = try TLSConnection.open(endpoint, trust, caller.identity, timeouts, attempt)
        try connection.handshake()
        try connection.send(bytes)
        var parser = HTTPResponseParser(attempt)
        while !parser.isComplete {
            switch try connection.receive() {
            case .bytes(let bytes): try parser.append(bytes)
            case .end: return try parser.finish(cut: false)
            case .cut: return try parser.finish(cut: true)
            }
        }
        return try parser.finish(cut: false)
    }
}

extension HTTPRequest {
    /// How an error of this request calls it.
    func attempt(at endpoint: APIServerEndpoint) -> Attempt {
        Attempt(operation: Message(verbatim: method.rawValue), subject: "\(endpoint)\(path)")
    }
}
