// SPDX-License-Identifier: Apache-2.0

import Values

/// One HTTP/1.1 request.
///
/// There is no way to set a header freely: who asks is the `Caller`'s matter, and so no request can carry a user or a
/// group that a `Caller` does not have.
package struct HTTPRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    package var method: Method
    /// Path and query, percent-encoded, from the first slash on.
    package var path: String
    /// Media type that is wanted.
    package var accept: String
    /// JSON; nil sends none.
    package var body: [UInt8]?

    package init(_ method: Method = .get, _ path: String, accept: String = "*/*", body: [UInt8]? = nil) {
        self.method = method
        self.path = path
        self.accept = accept
        self.body = body
    }

    /// The bytes on the wire.
    ///
    /// - Throws: `.invalidRequest` where a name or value would end its line early.
    func encoded(
        for endpoint: APIServerEndpoint, as caller: Caller, _ attempt: Attempt
    ) throws(APIServerError) -> [UInt8] {
        guard path.utf8.first == 0x2f, path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw attempt.error(.invalidRequest, "the path is not printable ASCII from a slash on")
        }
        var lines = ["\(method.rawValue) \(path) HTTP/1.1"]
        for (name, value) in fields(endpoint, caller) {
            guard Self.isToken(name) else {
                throw attempt.error(.invalidRequest, "\(name.debugDescription) is not a header name")
            }
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else {
                throw attempt.error(.invalidRequest, "the value of header \(name) is not printable ASCII")
            }
            lines.append("\(name): \(value)")
        }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (body ?? [])
    }

    private func fields(_ endpoint: APIServerEndpoint, _ caller: Caller) -> [(String, String)] {
        var fields = [
            ("Host", endpoint.authority), ("User-Agent", "aggbootstrap"), ("Accept", accept),
            ("Connection", "close"),
        ]
        if let body {
            fields += [("Content-Type", "application/json"), ("Content-Length", "\(body.count)")]
        }
        if case .frontProxy(_, let user, let names) = caller {
            fields += [(names.user, user.description), (names.group, ProbeUser.group)]
        }
        return fields
    }

    /// RFC 9110 section 5.6.2.
    private static func isToken(_ text: String) -> Bool {
        let marks = Set("!#$%&'*+-.^_`|~".utf8)
        return !text.isEmpty
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
                    || marks.contains($0)
            }
    }
}
