// SPDX-License-Identifier: Apache-2.0

import Foundation
import PKI
import Planning
import Proofs
import SystemdUnits
import TLS
import TestSupport
import Testing
import Values

/// What `verify --as-request` says about a request, and what a real kube-apiserver makes of it: its audit log tells.
@Suite struct KubeAPIServerRequestTests {
    @Test(arguments: RequestCases.Setup.allCases)
    func saysWhatKubeAPIServerDoes(_ setup: RequestCases.Setup) throws {
        guard let binary = KubeAPIServer.binary else {
            return print("not run: AGGBOOTSTRAP_KUBE_APISERVER names no kube-apiserver")
        }
        let pki = try RequestCases.PKI.shared.get()
        let directory = try TemporaryDirectory()
        try directory.write(
            #"{"apiVersion":"audit.k8s.io/v1","kind":"Policy","rules":[{"level":"Metadata"}]}"#,
            to: "policy.json")
        let flags = RequestCases.flags(setup, pki)
        let server = try KubeAPIServer(
            binary,
            flags: flags + [
                "--audit-policy-file=\(directory.file("policy.json"))",
                "--audit-log-path=\(directory.file("audit.log"))",
                "--audit-log-mode=blocking",
            ])
        _ = try server.waitUntilAnswering(as: try Self.prober(setup, pki))

        let cases = RequestCases.all.filter { $0.setup == setup }
        let statuses = try send(cases, to: server, directory, pki)
        let seen = try auditedUsers(directory.file("audit.log"))
        #expect(statuses.count == cases.count && !cases.isEmpty)
        // The flags of KubeAPIServer itself come first.
        let settings = AuthenticationSettings(
            .parse(arguments: ["--client-ca-file=\(pki.base.file("client-ca.pem"))"] + flags))
        for (index, item) in cases.enumerated() {
            let chain = try item.certificate.map {
                try Certificate.parseClientChain(pem: try pki.base.bytes("\($0).pem"), path: $0)
            }
            let request = SampleRequest(
                chain: chain ?? [], headers: item.headers.compactMap { RequestHeaderField($0) })
            #expect(request.headers.count == item.headers.count)
            let verdict = request.verdict(settings, at: UnixTime(seconds: Int64(time(nil)))) { path in
                try Certificate.parseBundle(
                    pem: Array(try Data(contentsOf: URL(fileURLWithPath: path))), path: path)
            }
            let wanted = statuses[index] == 401 ? "401" : seen["case-\(index)"] ?? "status \(statuses[index])"
            #expect(Self.text(verdict.outcome) == wanted, "\(setup) \(item)")
        }
        print("\(setup): \(cases.count) requests judged as kube-apiserver does")
    }

    /// Who may ask for readiness: where nobody anonymous may, an aggregator's client.
    private static func prober(_ setup: RequestCases.Setup, _ pki: RequestCases.PKI) throws -> Caller {
        guard setup == .headersAlone, let user = ProbeUser(suffix: "a1") else { return .anonymous }
        return .frontProxy(try pki.base.identity("client"), user, RequestHeaderNames())
    }

    private static func text(_ outcome: RequestVerdict.Outcome) -> String {
        switch outcome {
        case .user(let user, _):
            text(
                user.name, user.groups,
                Dictionary(user.extra.map { ($0.key, $0.values) }) { first, _ in first })
        case .unauthorized: "401"
        case .undecided(let reason): reason.description
        }
    }

    private static func text(_ name: String, _ groups: [String], _ extra: [String: [String]]) -> String {
        let extra = extra.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.joined(separator: ","))" }
        return "\(name) \(groups) \(extra)"
    }

    /// The user of each request by its Audit-ID.
    private func auditedUsers(_ file: String) throws -> [String: String] {
        struct Event: Decodable {
            struct User: Decodable {
                let username: String?
                let groups: [String]?
                let extra: [String: [String]]?
            }
            let auditID: String
            let user: User
        }
        var users: [String: String] = [:]
        for line in try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n") {
            let event = try JSONDecoder().decode(Event.self, from: Data(line.utf8))
            // From 1.32 on a client certificate's user also has the certificate's digest.
            let extra = (event.user.extra ?? [:]).filter {
                $0.key != "authentication.kubernetes.io/credential-id"
            }
            users[event.auditID] = Self.text(event.user.username ?? "", event.user.groups ?? [], extra)
        }
        return users
    }

    /// Sends each case with Python, which knows nothing of aggregation; returns HTTP statuses.
    private func send(
        _ cases: [RequestCases.Case], to server: KubeAPIServer, _ directory: TemporaryDirectory,
        _ pki: RequestCases.PKI
    ) throws -> [Int] {
        let lines = cases.enumerated().map { index, item -> [String: Any] in
            [
                "audit": "case-\(index)",
                "certificate": item.certificate.map { pki.base.file("\($0).pem") } ?? "",
                "key": item.certificate.map { pki.base.file("\(pki.keys[$0] ?? $0)-key.pem") } ?? "",
                "headers": item.headers,
            ]
        }
        let data = try JSONSerialization.data(withJSONObject: lines)
        try directory.write(String(decoding: data, as: UTF8.self), to: "requests.json")
        let script = """
            import http.client, json, ssl, sys
            for case in json.load(open(sys.argv[2])):
                context = ssl._create_unverified_context()
                if case["certificate"]:
                    context.load_cert_chain(case["certificate"], case["key"])
                connection = http.client.HTTPSConnection("127.0.0.1", int(sys.argv[1]), context=context)
                connection.putrequest("GET", "/api/v1/nodes?limit=1")
                connection.putheader("Audit-ID", case["audit"])
                for header in case["headers"]:
                    name, value = header.split(":", 1)
                    connection.putheader(name, value)
                connection.endheaders()
                print(connection.getresponse().status)
                connection.close()
            """
        let result = try run(
            "/usr/bin/python3", ["-c", script, "\(server.endpoint.port)", directory.file("requests.json")])
        #expect(result.status == 0, "\(result.stderr)")
        return result.stdout.split(separator: "\n").compactMap { Int($0) }
    }
}
