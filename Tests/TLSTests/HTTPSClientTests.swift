// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import TLS
@testable import Values

@Suite struct HTTPSClientTests {
    private let quick = RequestTimeouts(connect: .milliseconds(500), total: .seconds(10))

    private func trust() throws -> ServerTrust {
        .pinned(certificatePEM: try TestPKI.shared.get().bytes("server.pem"))
    }

    @Test(arguments: ["TLSv1_2", "TLSv1_3"])
    func sendsTheCallersHeadersAndCertificate(_ version: String) throws {
        let server = try TLSServer(.echo, clientCAs: "client-cas.pem", version: version)
        let user = try #require(ProbeUser(suffix: "a1"))
        let identity = try TestPKI.shared.get().identity("client")
        let response = try HTTPSClient.send(
            HTTPRequest(.post, "/x?y=z", accept: "application/json", body: Array("{}".utf8)),
            to: server.endpoint(), trust: try trust(), as: .frontProxy(identity, user, RequestHeaderNames()),
            timeouts: quick)
        let echoed = String(decoding: response.body, as: UTF8.self)
        #expect(
            echoed.hasPrefix(
                "POST /x?y=z HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nUser-Agent: aggbootstrap\r\n"
                    + "Accept: application/json\r\nConnection: close\r\nContent-Type: application/json\r\n"
                    + "Content-Length: 2\r\nX-Remote-User: aggbootstrap-probe-a1\r\n"
                    + "X-Remote-Group: system:authenticated\r\n\r\n{}"), "\(echoed)")
        #expect(echoed.contains("aggregator"))
        let anonymous = try HTTPSClient.send(
            HTTPRequest(.get, "/"), to: server.endpoint(), trust: try trust(), timeouts: quick)
        #expect(String(decoding: anonymous.body, as: UTF8.self).hasSuffix("\r\n\r\nNone"))
    }

    @Test func aProbeIsNobody() {
        for suffix in ["", "A", "system:masters", "a b", "a\r\nX: y", String(repeating: "a", count: 41)] {
            #expect(ProbeUser(suffix: suffix) == nil)
        }
    }

    @Test func refusesToInjectHeaders() throws {
        let endpoint = APIServerEndpoint(address: "127.0.0.1", port: 1)
        let identity = try TestPKI.shared.get().identity("client")
        let user = try #require(ProbeUser(suffix: "a"))
        let cases: [(HTTPRequest, Caller)] = [
            (HTTPRequest(.get, "/ HTTP/1.1\r\nX-Remote-Group: system:masters"), .anonymous),
            (HTTPRequest(.get, "x"), .anonymous), (HTTPRequest(.get, ""), .anonymous),
            (HTTPRequest(.get, "/a b"), .anonymous),
            (HTTPRequest(.get, "/", accept: "*/*\r\nX: y"), .anonymous),
            (HTTPRequest(.get, "/"), .frontProxy(identity, user, RequestHeaderNames(user: "X: y\r\nZ"))),
            (HTTPRequest(.get, "/"), .frontProxy(identity, user, RequestHeaderNames(group: ""))),
        ]
        for (request, caller) in cases {
            let error = #expect(throws: APIServerError.self) {
                try HTTPSClient.send(request, to: endpoint, trust: try trust(), as: caller)
            }
            #expect(error?.code == .invalidRequest)
        }
    }

    struct Answer: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let behaviour: TLSServer.Behaviour
        /// The status with the body, or the error's code.
        let wanted: String
    }

    private static let ok = "HTTP/1.1 200 OK\r\n"

    @Test(arguments: [
        Answer(
            testDescription: "length", behaviour: .reply(ok + "Content-Length: 3\r\n\r\nabc"),
            wanted: "200 abc"),
        Answer(
            testDescription: "length, then silence", behaviour: .stall(ok + "Content-Length: 3\r\n\r\nabc"),
            wanted: "200 abc"),
        Answer(
            testDescription: "until the end", behaviour: .reply("HTTP/1.0 500 No\r\n\r\nabc"),
            wanted: "500 abc"),
        Answer(
            testDescription: "chunked",
            behaviour: .reply(
                ok + "transfer-encoding: Chunked\r\n\r\n2\r\nab\r\nA;x=y\r\n0123456789\r\n0\r\nT: v\r\n\r\n"),
            wanted: "200 ab0123456789"),
        Answer(
            testDescription: "interim",
            behaviour: .reply("HTTP/1.1 103 Hints\r\nA: b\r\n\r\n" + ok + "\r\nabc"),
            wanted: "200 abc"),
        Answer(
            testDescription: "no body", behaviour: .stall("HTTP/1.1 204 No Content\r\n\r\n"), wanted: "204 "),
        Answer(
            testDescription: "short", behaviour: .reply(ok + "Content-Length: 9\r\n\r\nabc"),
            wanted: "api/http"),
        Answer(testDescription: "cut", behaviour: .cut(ok + "\r\nabc"), wanted: "api/http"),
        Answer(
            testDescription: "cut in a chunk",
            behaviour: .cut(ok + "Transfer-Encoding: chunked\r\n\r\n9\r\nab"),
            wanted: "api/http"),
        Answer(
            testDescription: "no last chunk",
            behaviour: .reply(ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"),
            wanted: "api/http"),
        Answer(
            testDescription: "bad chunk",
            behaviour: .reply(ok + "Transfer-Encoding: chunked\r\n\r\n-1\r\nab\r\n"),
            wanted: "api/http"),
        Answer(
            testDescription: "two framings",
            behaviour: .reply(ok + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n"),
            wanted: "api/http"),
        Answer(
            testDescription: "two lengths",
            behaviour: .reply(ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc"), wanted: "api/http"),
        Answer(testDescription: "nothing", behaviour: .reply(""), wanted: "api/http"),
        Answer(testDescription: "no HTTP", behaviour: .reply("220 smtp\r\n\r\n"), wanted: "api/http"),
        Answer(testDescription: "half a head", behaviour: .reply(ok + "A: b\r\n"), wanted: "api/http"),
        Answer(
            testDescription: "folded header", behaviour: .reply(ok + "A: b\r\n c\r\n\r\n"), wanted: "api/http"
        ),
        Answer(
            testDescription: "long body", behaviour: .reply(ok + "Content-Length: 4194305\r\n\r\n"),
            wanted: "api/too-large"),
        Answer(
            testDescription: "long chunk",
            behaviour: .reply(ok + "Transfer-Encoding: chunked\r\n\r\n400001\r\n"),
            wanted: "api/too-large"),
        Answer(
            testDescription: "long head",
            behaviour: .reply(ok + "A: " + String(repeating: "b", count: 70_000)), wanted: "api/too-large"),
        Answer(
            testDescription: "stalled body", behaviour: .stall(ok + "Content-Length: 9\r\n\r\nabc"),
            wanted: "api/timeout"),
        Answer(testDescription: "dripping body", behaviour: .drip, wanted: "api/timeout"),
    ])
    func readsAnswers(_ row: Answer) throws {
        let server = try TLSServer(row.behaviour)
        var timeouts = quick
        if row.wanted == "api/timeout" { timeouts.total = .milliseconds(700) }
        let got: String
        do {
            let response = try HTTPSClient.send(
                HTTPRequest(.get, "/readyz"), to: server.endpoint(), trust: try trust(), timeouts: timeouts)
            got = "\(response.status) \(String(decoding: response.body, as: UTF8.self))"
        } catch let error as APIServerError {
            got = error.code.rawValue
            #expect(error.subject == "https://127.0.0.1:\(server.port)/readyz")
        }
        #expect(got == row.wanted)
    }

    /// However the bytes are cut into pieces, the response is the same.
    @Test func readsAnswersByteByByte() throws {
        let attempt = Attempt(operation: "GET", subject: "x")
        var parser = HTTPResponseParser(attempt)
        for byte in (Self.ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n").utf8 {
            try parser.append([byte])
        }
        #expect(parser.isComplete)
        #expect(try parser.finish(cut: true).body == Array("hello".utf8))
    }
}
