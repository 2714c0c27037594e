// SPDX-License-Identifier: Apache-2.0

import Planning
import SystemdUnits
import Testing
import Values

/// Whom kube-apiserver takes a request for. `KubeAPIServerRequestTests` asks a real one the same.
@Suite struct RequestAuthenticationTests {
    private typealias Certificate = RequestAuthentication.ClientCertificate

    private static let flags = [
        "--client-ca-file=/ca.pem", "--authorization-mode=Node,RBAC",
        "--requestheader-client-ca-file=/proxy.pem",
        "--requestheader-allowed-names=aggregator", "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-uid-headers=X-Remote-Uid",
    ]

    private static let aggregator = Certificate(
        commonName: "aggregator", organizations: [], requestHeaderTrust: .trusted,
        clientTrust: .untrusted("unknown authority"))

    private func outcome(
        _ headers: [String], _ certificate: RequestAuthentication.ClientCertificate? = aggregator,
        flags: [String] = flags
    ) -> RequestVerdict.Outcome {
        RequestAuthentication(
            AuthenticationSettings(.parse(arguments: flags)),
            headers: headers.compactMap { RequestHeaderField($0) }, certificate: certificate
        ).verdict().outcome
    }

    @Test func theHeadersNameTheUser() {
        let user = RequestUser(
            name: "alice", uid: "7", groups: ["dev", "ops", "system:authenticated"],
            extra: [.init(key: "acme.com/a", values: ["1", "2"]), .init(key: "b", values: [""])])
        let headers = [
            "x-remote-user:\t alice ", "X-Remote-Uid: 7", "X-Remote-Group: dev", "X-Remote-Group: ops",
            "X-Remote-Extra-B:", "X-Remote-Extra-Acme.com%2FA: 1", "x-remote-extra-acme.com%2fa: 2",
        ]
        #expect(outcome(headers) == .user(user, by: .requestHeader))
    }

    @Test func whoFailsIsNotAnonymous() {
        #expect(
            outcome([], nil)
                == .user(.init(name: "system:anonymous", groups: ["system:unauthenticated"]), by: .anonymous))
        #expect(outcome([]) == .unauthorized)
        let other = Certificate(
            commonName: "other", organizations: ["dev"], requestHeaderTrust: .trusted, clientTrust: .trusted)
        // The client CA is asked though the first one has refused.
        #expect(
            outcome(["X-Remote-User: alice"], other)
                == .user(.init(name: "other", groups: ["dev", "system:authenticated"]), by: .clientCA))
    }

    @Test(arguments: ["--anonymous-auth=false", "--authorization-mode=AlwaysAllow"])
    func nobodyAnonymous(_ flag: String) {
        #expect(outcome([], nil, flags: Self.flags + [flag]) == .unauthorized)
    }

    @Test func whatCannotBeToldIsNotGuessed() {
        let token = outcome(["Authorization: Bearer abc"], nil)
        let file = outcome([], nil, flags: Self.flags + ["--authentication-config=/auth.yaml"])
        let unread = Certificate(
            commonName: "aggregator", organizations: [], requestHeaderTrust: .unknown("no such file"),
            clientTrust: .trusted)
        for outcome in [token, file, outcome(["X-Remote-User: alice"], unread)] {
            guard case .undecided = outcome else {
                Issue.record("\(outcome)")
                continue
            }
        }
        #expect(outcome(["Authorization: Basic abc"], nil) != token)
    }

    @Test(arguments: ["", "X-Remote-User", ": alice", "X Remote: a", "X-A: a\nX-B: b", "X-A: \u{7f}", "Ä: a"])
    func isNoHeader(_ text: String) {
        #expect(RequestHeaderField(text) == nil)
    }
}
