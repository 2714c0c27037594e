// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport
import Testing

@testable import TLS
@testable import Values

/// A server that remembers its requests.
private final class Recorder: Sendable {
    let server: HTTPSServer
    private let seen: Received

    private final class Received: Sendable {
        let requests = Mutex<[ReceivedRequest]>([])
    }

    init(_ limits: HTTPSServer.Limits = .init()) throws {
        let seen = Received()
        self.seen = seen
        server = try HTTPSServer(
            address: "127.0.0.1", identity: try TestPKI.shared.get().identity("server"), limits: limits
        ) { request in
            seen.requests.withLock { $0.append(request) }
            return ServerReply(status: 200, json: #"{"path": "\#(request.path)"}"#)
        }
    }

    var requests: [ReceivedRequest] { seen.requests.withLock { $0 } }

    var endpoint: APIServerEndpoint { APIServerEndpoint(address: "127.0.0.1", port: server.port) }

    func url(_ path: String) -> String { "https://127.0.0.1:\(server.port)\(path)" }

    /// curl, which speaks the TLS of another program than the server where it is built with GnuTLS.
    func curl(_ arguments: String...) throws -> ProgramResult {
        try run(
            "curl",
            ["-sS", "--max-time", "20", "--cacert", try TestPKI.shared.get().file("ca.pem")] + arguments)
    }

    /// The options that present a certificate.
    static func present(_ name: String) throws -> [String] {
        let pki = try TestPKI.shared.get()
        return ["--cert", pki.file("\(name).pem"), "--key", pki.file("\(name)-key.pem")]
    }
}

@Suite struct HTTPSServerTests {
    private let attempt = Attempt(operation: "talk to", subject: "the server")

    private func connect(_ recorder: Recorder) throws -> TCPConnection {
        try TCPConnection.open(
            recorder.endpoint, connect: .seconds(5), deadline: Deadline(in: .seconds(10)), attempt)
    }

    @Test(arguments: ["1.2", "1.3"])
    func seesWhatAClientPresentsAndSays(_ version: String) throws {
        let recorder = try Recorder()
        let pki = try TestPKI.shared.get()
        let options = [
            "--tlsv\(version)", "--tls-max", version, "-H", "X-Remote-User: alice", "-H", "X-Remote-Group: a",
        ]
        let groups = ["-H", "X-Remote-Group: b", recorder.url("/apis/g/v1?probe=1%2B1")]
        let result = try run(
            "curl",
            ["-sS", "--cacert", pki.file("ca.pem")] + (try Recorder.present("client")) + options + groups)
        #expect(result.stdout == #"{"path": "/apis/g/v1"}"#, "\(result.stderr)")
        let request = try #require(recorder.requests.first)
        #expect(request.presented == [try pki.der("client.pem")])
        #expect(request.method == "GET")
        #expect(request.query == "probe=1%2B1")
        #expect(request.values("x-remote-user") == ["alice"])
        #expect(request.values("x-remote-group") == ["a", "b"])
    }

    @Test func takesAnyCertificateAndNone() throws {
        let recorder = try Recorder()
        let pki = try TestPKI.shared.get()
        // Of a CA that nobody here knows, a server's own, and a CA itself: to judge them is for others.
        for name in ["stranger", "elsewhere", "other-ca"] {
            let options = try Recorder.present(name)
            _ = try recorder.curl(options[0], options[1], options[2], options[3], recorder.url("/\(name)"))
            #expect(recorder.requests.last?.path == "/\(name)")
            // curl adds an issuer that it finds among those that it trusts.
            #expect(recorder.requests.last?.presented.first == (try pki.der("\(name).pem")))
        }
        #expect(try recorder.curl(recorder.url("/nobody")).status == 0)
        #expect(recorder.requests.last?.path == "/nobody")
        #expect(recorder.requests.last?.presented == [])
    }

    @Test func seesTheChainBehindTheCertificate() throws {
        let recorder = try Recorder()
        let pki = try TestPKI.shared.get()
        let directory = try TemporaryDirectory()
        let chain = try directory.write(
            try pki.text("client.pem") + pki.text("front-proxy-ca.pem"), to: "chain.pem")
        let result = try recorder.curl(
            "--cert", chain, "--key", pki.file("client-key.pem"), recorder.url("/"))
        #expect(result.status == 0, "\(result.stderr)")
        #expect(
            recorder.requests.last?.presented == [
                try pki.der("client.pem"), try pki.der("front-proxy-ca.pem"),
            ])
    }

    @Test func everyRequestIsANewSession() throws {
        let recorder = try Recorder()
        let result = try recorder.curl("-w", "%{num_connects}\n", recorder.url("/1"), recorder.url("/2"))
        #expect(result.stdout.hasSuffix("1\n"), "\(result.stdout)")
        #expect(!result.stdout.contains("}0\n"), "\(result.stdout)")
        // A session that is taken up again brings no certificate.
        for version in ["-tls1_2", "-tls1_3"] {
            let client = try run(
                "openssl",
                ["s_client", "-connect", "127.0.0.1:\(recorder.server.port)", version, "-reconnect"])
            let sessions = client.stdout.split(separator: "\n").filter { $0.contains(", Cipher is ") }
            #expect(sessions.count == 6, "\(client.stdout)")
            #expect(sessions.allSatisfy { $0.hasPrefix("New, ") }, "\(sessions)")
        }
    }

    @Test func answersARequestWithABody() throws {
        let recorder = try Recorder()
        let body = String(repeating: "x", count: 200_000)
        let file = try TemporaryDirectory().write(body, to: "body")
        let result = try recorder.curl("--data-binary", "@\(file)", "-H", "Expect:", recorder.url("/post"))
        #expect(result.stdout == #"{"path": "/post"}"#, "\(result.stderr)")
        #expect(recorder.requests.map(\.method) == ["POST"])
    }

    @Test func garbageDoesNotStopIt() throws {
        let recorder = try Recorder()
        var generator = SeededGenerator(seed: 7)
        for size in [0, 1, 5, 300, 20_000] {
            let connection = try connect(recorder)
            try connection.send(
                (0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) },
                Deadline(in: .seconds(5)),
                phase: "test")
        }
        let plain = try run("curl", ["-s", "--max-time", "20", "http://127.0.0.1:\(recorder.server.port)/"])
        #expect(plain.status != 0)
        #expect(try recorder.curl(recorder.url("/")).status == 0)
        #expect(recorder.requests.count == 1)
    }

    @Test func theOldestGivesWayToANewOne() throws {
        let recorder = try Recorder(.init(connections: 4, time: .seconds(60)))
        // Silent ones, more than it holds, and open until the end of the test.
        let one = try connect(recorder)
        let two = try connect(recorder)
        let three = try connect(recorder)
        let four = try connect(recorder)
        let five = try connect(recorder)
        let six = try connect(recorder)
        #expect(try recorder.curl(recorder.url("/")).status == 0)
        let deadline = Deadline(in: .seconds(10))
        #expect(try one.receive(deadline, phase: "test").isEmpty)
        #expect(try two.receive(deadline, phase: "test").isEmpty)
        #expect(try three.receive(deadline, phase: "test").isEmpty)
        // These are still there, and are answered with an alert: there is no such handshake message.
        let message: [UInt8] = [0x16, 0x03, 0x01, 0x00, 0x04, 0xff, 0x00, 0x00, 0x00]
        try four.send(message, deadline, phase: "test")
        #expect(try !four.receive(deadline, phase: "test").isEmpty)
        try five.send(message, deadline, phase: "test")
        #expect(try !five.receive(deadline, phase: "test").isEmpty)
        try six.send(message, deadline, phase: "test")
        #expect(try !six.receive(deadline, phase: "test").isEmpty)
    }

    @Test func aSlowClientIsLetGo() throws {
        let recorder = try Recorder(.init(time: .milliseconds(300)))
        let silent = try connect(recorder)
        #expect(try silent.receive(Deadline(in: .seconds(20)), phase: "test").isEmpty)
        // A request that drips for longer than that is never answered.
        let client = try run(
            "sh",
            [
                "-c",
                "printf 'GET / HTTP/1.1\\r\\n' | timeout 20 openssl s_client -quiet -connect \"$1\" 2>&1",
                "sh", "127.0.0.1:\(recorder.server.port)",
            ])
        #expect(!client.stdout.contains("200 OK"), "\(client.stdout)")
        #expect(recorder.requests.isEmpty)
    }

    @Test func manyAtOnce() throws {
        let recorder = try Recorder()
        let urls = (1...150).flatMap { ["--url", recorder.url("/\($0)"), "-o", "/dev/null"] }
        let pki = try TestPKI.shared.get()
        let result = try run(
            "curl",
            [
                "-sS", "--max-time", "60", "--parallel", "--parallel-immediate", "--parallel-max", "100",
                "--cacert",
                pki.file("ca.pem"),
            ] + urls)
        #expect(result.status == 0, "\(result.stderr)")
        #expect(Set(recorder.requests.map(\.path)) == Set((1...150).map { "/\($0)" }))
    }

    @Test func itsPortIsFreeAfterwards() throws {
        let recorder = try Recorder()
        let held = try connect(recorder)
        // It is taken before this one is answered.
        #expect(try recorder.curl(recorder.url("/")).status == 0)
        recorder.server.close()
        #expect(try held.receive(Deadline(in: .seconds(10)), phase: "test").isEmpty)
        let error = #expect(throws: APIServerError.self) { _ = try connect(recorder) }
        #expect(error?.code == .unreachable)
        // Closing again does nothing.
        recorder.server.close()
        let taken = try Recorder()
        #expect(throws: APIServerError.self) {
            _ = try HTTPSServer(
                address: "127.0.0.1", port: taken.server.port,
                identity: try TestPKI.shared.get().identity("server")
            ) { _ in ServerReply(status: 200, json: "{}") }
        }
    }

    // MARK: - Parsing

    @Test(arguments: [
        "GET / HTTP/1.1\r\n\r\n", "GET /a?b=c?d HTTP/1.0\r\nHost: x\r\n\r\n",
        "OPTIONS /%00 HTTP/1.1\r\nA:\r\n\r\n",
    ])
    func readsARequestHoweverItArrives(_ text: String) throws {
        var whole = HTTPRequestParser()
        let wanted = whole.append(Array(text.utf8))
        guard case .complete(let request) = wanted else {
            Issue.record("\(wanted)")
            return
        }
        #expect(request.path.hasPrefix("/"))
        var drip = HTTPRequestParser()
        for (index, byte) in text.utf8.enumerated() {
            let progress = drip.append([byte])
            #expect(progress == (index + 1 == text.utf8.count ? wanted : .more))
        }
    }

    @Test(arguments: [
        "\r\n\r\n", "GET\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "get / HTTP/1.1\r\n\r\n",
        "GET x HTTP/1.1\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "GET / a HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\nA: b\r\n\r\n",
        "GET / HTTP/1.1\r\nA b\r\n\r\n", "GET / HTTP/1.1\r\nA : b\r\n\r\n", "GET / HTTP/1.1\r\n: b\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "GET / HTTP/1.1\r\nA: b\u{0}\r\n\r\n",
        "GET /\u{7f} HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n",
    ])
    func refusesWhatIsNoRequest(_ text: String) {
        var parser = HTTPRequestParser()
        #expect(parser.append(Array(text.utf8)) == .refused(400))
    }

    @Test func refusesAHeadWithoutAnEnd() {
        var parser = HTTPRequestParser()
        var progress = parser.append(Array("GET / HTTP/1.1\r\n".utf8))
        var pieces = 0
        while progress == .more, pieces < 100 {
            progress = parser.append(Array("X: \(String(repeating: "x", count: 1_000))\r\n".utf8))
            pieces += 1
        }
        #expect(progress == .refused(431))
        #expect(pieces < 40)
        var whole = HTTPRequestParser()
        let long = "GET / HTTP/1.1\r\nX: \(String(repeating: "x", count: 40_000))\r\n\r\n"
        #expect(whole.append(Array(long.utf8)) == .refused(431))
    }

    @Test func findsItsOwnAddress() throws {
        #expect(try LocalAddress.towards("127.0.0.1") == "127.0.0.1")
        #expect(throws: APIServerError.self) { try LocalAddress.towards("no-such-host.invalid") }
    }
}
