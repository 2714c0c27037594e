// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import TLS
@testable import Values

@Suite struct HandshakeTests {
    private let quick = RequestTimeouts(connect: .milliseconds(500), total: .seconds(5))

    @Test(arguments: ["TLSv1_2", "TLSv1_3"], [nil, "client"])
    func readsTheAcceptedCAs(_ version: String, _ identity: String?) throws {
        let pki = try TestPKI.shared.get()
        let server = try TLSServer(.opensslServer, clientCAs: "client-cas.pem", version: version)
        let report = try TLSHandshakeProbe.handshake(
            server.endpoint(), trust: .ca(pem: try pki.bytes("ca.pem")),
            identity: try identity.map(pki.identity), timeouts: quick)
        let names = try #require(report.acceptedCANames)
        #expect(names.count == 2)
        // Each name is the very bytes of the subject of its CA's certificate.
        for ca in ["client-ca", "front-proxy-ca"] {
            let certificate = Data(try pki.der("\(ca).pem"))
            #expect(names.filter { certificate.range(of: Data($0)) != nil }.count == 1)
        }
    }

    /// A cluster that has changed its client CA for years, each CA with a long name.
    @Test(arguments: ["TLSv1_2", "TLSv1_3"])
    func readsThreeHundredAcceptedCAs(_ version: String) throws {
        let pki = try TestPKI.shared.get()
        let bundle = try pki.manyCAs(300)
        let server = try TLSServer(.opensslServer, clientCAs: bundle.file, version: version)
        let report = try TLSHandshakeProbe.handshake(
            server.endpoint(), trust: .ca(pem: try pki.bytes("ca.pem")), timeouts: quick)
        let names = try #require(report.acceptedCANames)
        #expect(names.count == 300)
        #expect(names.joined().count > 50_000)
        for (name, certificate) in zip(names, bundle.certificates) {
            #expect(certificate.range(of: Data(name)) != nil)
        }
    }

    /// The text of a name goes into messages: as openssl escapes it, and never with what a terminal would obey.
    @Test(arguments: [
        "/C=CN/ST=Shanghai/L=Shanghai/O=k8s/OU=System/CN=front proxy", "/O=a/CN=Zoë",
        "/O=a, b+c/CN=\"x\";y", "/CN=\u{1b}[31mred",
    ])
    func namesOfAcceptedCAsAreEscaped(_ subject: String) throws {
        let pki = try TestPKI.shared.get()
        let file = try pki.selfSigned(subject)
        let server = try TLSServer(.opensslServer, clientCAs: file)
        let report = try TLSHandshakeProbe.handshake(
            server.endpoint(), trust: .ca(pem: try pki.bytes("ca.pem")), timeouts: quick)
        let printed = try run(
            "openssl",
            ["x509", "-in", pki.file(file), "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb,utf8"])
        let text = try #require(report.acceptedCAs?.first?.text)
        #expect("subject=\(text)\n" == printed.stdout)
        #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control })
    }

    @Test func tellsNoRequestFromAnEmptyList() throws {
        let trust = ServerTrust.pinned(certificatePEM: try TestPKI.shared.get().bytes("server.pem"))
        for (clientCAs, wanted) in [(nil, nil), ("client-cas.pem", [])] as [(String?, [[UInt8]]?)] {
            let server = try TLSServer(.echo, clientCAs: clientCAs)
            let report = try TLSHandshakeProbe.handshake(server.endpoint(), trust: trust, timeouts: quick)
            #expect(report.acceptedCANames == wanted)
        }
    }

    struct Distrust: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var certificate = "server"
        var address = "127.0.0.1"
        let trusted: String
        var isPinned = false
        /// nil: the server is trusted.
        let reason: String?
    }

    @Test(arguments: [
        Distrust(testDescription: "pinned", trusted: "server", isPinned: true, reason: nil),
        Distrust(
            testDescription: "pinned, another name", address: "localhost", trusted: "server", isPinned: true,
            reason: nil),
        Distrust(testDescription: "ca, IP", trusted: "ca", reason: nil),
        Distrust(testDescription: "ca, name", address: "localhost", trusted: "ca", reason: nil),
        Distrust(testDescription: "the leaf as anchor", trusted: "server", reason: nil),
        Distrust(testDescription: "wrong pin", trusted: "elsewhere", isPinned: true, reason: "expected"),
        Distrust(testDescription: "pin is the issuer", trusted: "ca", isPinned: true, reason: "expected"),
        Distrust(testDescription: "wrong ca of the same name", trusted: "other-ca", reason: "depth"),
        Distrust(
            testDescription: "wrong IP, right CN", certificate: "elsewhere", trusted: "ca",
            reason: "IP address mismatch"),
        Distrust(
            testDescription: "wrong name", certificate: "elsewhere", address: "localhost", trusted: "ca",
            reason: "hostname mismatch"),
        Distrust(
            testDescription: "a client's certificate", certificate: "client", address: "localhost",
            trusted: "front-proxy-ca", reason: "certificate purpose"),
    ])
    func trustsOnlyTheRightServer(_ row: Distrust) throws {
        let pki = try TestPKI.shared.get()
        let pem = try pki.bytes("\(row.trusted).pem")
        let trust: ServerTrust = row.isPinned ? .pinned(certificatePEM: pem) : .ca(pem: pem)
        for version in ["TLSv1_2", "TLSv1_3"] {
            let server = try TLSServer(.echo, certificate: row.certificate, version: version)
            let send = {
                try HTTPSClient.send(
                    HTTPRequest(.get, "/"), to: server.endpoint(row.address), trust: trust, timeouts: quick)
            }
            guard let reason = row.reason else {
                #expect(try send().status == 200)
                continue
            }
            let error = #expect(throws: APIServerError.self) { try send() }
            #expect(error?.code == .trust)
            #expect(error?.underlying.contains(reason) == true, "\(String(describing: error))")
            // The fingerprint of what was presented, as openssl prints it.
            let printed = try run(
                "openssl",
                ["x509", "-in", pki.file("\(row.certificate).pem"), "-noout", "-fingerprint", "-sha256"])
            let fingerprint = printed.stdout.split(separator: "=")[1].filter { $0.isHexDigit }.lowercased()
            #expect(error?.underlying.contains(fingerprint) == true)
        }
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let behaviour: TLSServer.Behaviour
        let code: APIServerError.Code
        let text: String
    }

    @Test(arguments: [
        Failure(
            testDescription: "plain HTTP", behaviour: .plainHTTP, code: .tls, text: "wrong version number"),
        Failure(testDescription: "closed", behaviour: .closeAtOnce, code: .tls, text: "connection"),
        Failure(
            testDescription: "no connection", behaviour: .stallConnect, code: .timeout, text: "timed out"),
        Failure(
            testDescription: "silence", behaviour: .stallHandshake, code: .timeout, text: "TLS handshake"),
    ])
    func tellsWhereItFailed(_ row: Failure) throws {
        let server = try TLSServer(row.behaviour)
        let pki = try TestPKI.shared.get()
        let start = ContinuousClock.now
        let error = try #require(throws: APIServerError.self) {
            try TLSHandshakeProbe.handshake(
                server.endpoint(), trust: .ca(pem: try pki.bytes("ca.pem")),
                timeouts: RequestTimeouts(connect: .milliseconds(300), total: .milliseconds(600)))
        }
        #expect(error.code == row.code)
        #expect(error.underlying.description.lowercased().contains(row.text.lowercased()), "\(error)")
        #expect(error.subject == "https://127.0.0.1:\(server.port)")
        #expect(ContinuousClock.now - start < .seconds(3))
    }

    @Test func triesEveryAddress() throws {
        let pki = try TestPKI.shared.get()
        let trust = ServerTrust.ca(pem: try pki.bytes("ca.pem"))
        let server = try TLSServer(.echo, address: "::1")
        // `localhost` is 127.0.0.1 too on most machines, where nobody listens on this port.
        for address in ["::1", "localhost"] where try address == "::1" || localhostHasIPv6() {
            let response = try HTTPSClient.send(
                HTTPRequest(.get, "/"), to: server.endpoint(address), trust: trust, timeouts: quick)
            let host = address == "::1" ? "[::1]" : address
            #expect(
                String(decoding: response.body, as: UTF8.self).contains("Host: \(host):\(server.port)\r\n"))
        }
        for (address, text) in [
            ("127.0.0.1", "127.0.0.1: Connection refused"), ("no-such-host.invalid", "n"),
        ] {
            let error = #expect(throws: APIServerError.self) {
                try TLSHandshakeProbe.handshake(server.endpoint(address), trust: trust, timeouts: quick)
            }
            #expect(error?.code == .unreachable)
            #expect(error?.underlying.contains(text) == true, "\(String(describing: error))")
        }
    }

    private func localhostHasIPv6() throws -> Bool {
        try run("getent", ["ahosts", "localhost"]).stdout.contains("::1 ")
    }

    @Test func refusesWhatIsNoCertificateOrKey() throws {
        let pki = try TestPKI.shared.get()
        let endpoint = APIServerEndpoint(address: "127.0.0.1", port: 1)
        let good = try pki.bytes("ca.pem")
        let mixed = ClientIdentity(
            certificatePEM: try pki.bytes("client.pem"), keyPEM: try pki.identity("stranger").keyPEM)
        let empty = ClientIdentity(certificatePEM: [], keyPEM: mixed.keyPEM)
        let cases: [(ServerTrust, ClientIdentity?)] = [
            (.ca(pem: []), nil), (.pinned(certificatePEM: try pki.bytes("ca-key.pem")), nil),
            (.ca(pem: Array(good.dropLast(40))), nil), (.ca(pem: good + good.dropLast(40)), nil),
            (.ca(pem: good), mixed), (.ca(pem: good), empty),
            // Go passes over such a block, so the CA would be missing without a word.
            (.ca(pem: Self.withHeader(good)), nil), (.ca(pem: good + Self.withHeader(good)), nil),
        ]
        for (trust, identity) in cases {
            let error = #expect(throws: APIServerError.self) {
                try TLSHandshakeProbe.handshake(endpoint, trust: trust, identity: identity)
            }
            #expect(error?.code == .identity)
        }
    }

    private static func withHeader(_ pem: [UInt8]) -> [UInt8] {
        let begin = "-----BEGIN CERTIFICATE-----\n"
        return Array(String(decoding: pem, as: UTF8.self).replacing(begin, with: begin + "A: b\n\n").utf8)
    }

    /// kube-apiserver takes a serving certificate and its key from one file.
    @Test func aKeyBesideTheServersCertificateIsPassedOver() throws {
        let pki = try TestPKI.shared.get()
        let server = try TLSServer(.opensslServer)
        let both = try pki.bytes("server-key.pem") + pki.bytes("server.pem")
        _ = try TLSHandshakeProbe.handshake(
            server.endpoint(), trust: .pinned(certificatePEM: both), timeouts: quick)
    }
}
