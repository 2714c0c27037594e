// SPDX-License-Identifier: Apache-2.0

@testable import TLS
import Spec
import Values

/// HTTP: what a server answers to us, and what a client asks of our canary.
///
/// It does not matter in which pieces a message arrives; the first byte says how large they are.
enum HTTPTarget {
    private static let attempt = Attempt(operation: "GET", subject: "https://node:6443/")

    static func runResponse(_ input: [UInt8]) {
        guard let first = input.first else { return }
        let bytes = Array(input.dropFirst())
        for cut in [false, true] {
            let whole = response(bytes, piece: bytes.count, cut: cut)
            let pieces = response(bytes, piece: 1 + Int(first) % 61, cut: cut)
            require(whole == pieces, "an answer in pieces is another one: \(whole) \(pieces)")
            if case .success(let response) = whole { check(response) }
        }
        let reply = ServerReply(status: first < 200 ? 200 : 404, json: text(bytes))
        guard case .success(let read) = response(reply.bytes, piece: 1 + Int(first), cut: true) else {
            fatalError("PROPERTY: our own answer cannot be read")
        }
        require(
            read.status == reply.status && read.body == Array(reply.json.utf8),
            "our own answer is another one")
    }

    static func runRequest(_ input: [UInt8]) {
        guard let first = input.first else { return }
        let bytes = Array(input.dropFirst())
        let whole = request(bytes, piece: bytes.count)
        require(whole == request(bytes, piece: 1 + Int(first) % 61), "a request in pieces is another one")
        if case .complete(let request) = whole {
            require(request.path.utf8.first == 0x2f, "a path without a slash")
            check(request.headers)
        }
        let endpoint = APIServerEndpoint(address: "192.0.2.1", port: 6443)
        let sent = HTTPRequest(.post, text(bytes), accept: text(bytes.suffix(20)), body: bytes)
        guard let encoded = try? sent.encoded(for: endpoint, as: .anonymous, attempt) else { return }
        guard case .complete(let read) = request(encoded, piece: 7) else {
            fatalError("PROPERTY: our own request cannot be read")
        }
        let target =
            read.query.isEmpty && !sent.path.hasSuffix("?") ? read.path : "\(read.path)?\(read.query)"
        require(isSame(target, sent.path) && read.method == "POST", "our own request is another one")
        require(read.headers.count == 6, "our own request has other headers")
    }

    private static func check(_ response: HTTPResponse) {
        require((200...599).contains(response.status), "a status that is none")
        check(response.headers)
        _ = response.json
        require(
            response.excerpt.utf8.count < 2000 && !response.excerpt.utf8.contains(0x0a), "an excerpt of lines"
        )
        for check in ReadinessReport(status: response.status, text: text(response.body)).checks {
            require(!check.name.isEmpty && !check.name.utf8.contains(0x20), "a check without a name")
        }
    }

    private static func check(_ headers: [HTTPResponse.Header]) {
        for header in headers {
            let bytes = header.name.utf8.map { $0 } + header.value.utf8
            require(!bytes.contains { [0, 0x0a, 0x0d].contains($0) }, "a header with a line end")
            require(!header.name.isEmpty && header.name == header.name.lowercased(), "a header's name")
        }
    }

    private static func response(
        _ bytes: [UInt8], piece: Int, cut: Bool
    ) -> Result<HTTPResponse, APIServerError> {
        var parser = HTTPResponseParser(attempt)
        var rest = bytes[...]
        do throws(APIServerError) {
            while !parser.isComplete, !rest.isEmpty {
                let part = rest.prefix(max(1, piece))
                rest = rest.dropFirst(part.count)
                try parser.append(Array(part))
            }
            return .success(try parser.finish(cut: cut))
        } catch {
            return .failure(error)
        }
    }

    private static func request(_ bytes: [UInt8], piece: Int) -> HTTPRequestParser.Progress {
        var parser = HTTPRequestParser()
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(max(1, piece))
            rest = rest.dropFirst(part.count)
            let progress = parser.append(Array(part))
            if progress != .more { return progress }
        }
        return .more
    }
}
