// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// Requests as clients, aggregators and attackers send them.
enum RequestCases {
    enum Setup: String, CaseIterable, Sendable {
        /// requestheader CA and client CA apart, as recommended.
        case usual
        /// One CA for both, several headers, as the most copied guides have it.
        case shared
        /// No client CA, every name allowed, nobody anonymous.
        case headersAlone
        /// No aggregation.
        case plain
    }

    struct Case: Sendable, CustomStringConvertible {
        let setup: Setup
        /// Of `PKI`; nil for none.
        let certificate: String?
        let headers: [String]

        init(_ setup: Setup, _ certificate: String?, _ headers: [String]) {
            (self.setup, self.certificate, self.headers) = (setup, certificate, headers)
        }

        var description: String { "\(certificate ?? "no certificate") \(headers)" }
    }

    static let all: [Case] = usual + shared + headersAlone + plain

    private static let usual: [Case] = [
        Case(.usual, "client", ["X-Remote-User: alice"]),
        Case(.usual, "client", ["X-Remote-User: alice", "X-Remote-Group: dev", "X-Remote-Group: ops"]),
        Case(.usual, "client", []),
        Case(.usual, "client", ["X-Remote-User:"]),
        Case(.usual, "client", ["x-remote-user: alice", "x-REMOTE-group: dev"]),
        Case(.usual, "client", ["X-Remote-User: alice", "X-Remote-User: bob"]),
        Case(.usual, "client", ["X-Remote-User:", "X-Remote-User: bob"]),
        Case(.usual, "client", ["X-Remote-User:   alice liddell  "]),
        Case(.usual, "client", ["X-Remote-User: alice", "X-Remote-Group:", "X-Remote-Group: dev"]),
        Case(.usual, "client", ["X-Remote-Group: dev"]),
        Case(
            .usual, "client",
            ["X-Remote-User: alice", "X-Remote-Extra-Scopes: a", "X-Remote-Extra-Scopes: b"]),
        Case(.usual, "client", ["X-Remote-User: alice", "X-Remote-Extra-Acme.com%2fProject: x"]),
        Case(.usual, "client", ["X-Remote-User: alice", "X-Remote-Extra-Bad%zz: x"]),
        Case(.usual, "client", ["X-Remote-User: alice", "X-Remote-Extra-: x"]),
        Case(.usual, "client", ["X-Remote-User: root", "X-Remote-Group: system:masters"]),
        Case(.usual, "client", ["X-Remote-User: system:anonymous"]),
        Case(.usual, "client", ["X-Remote-User: alice", "X-Remote-Group: system:authenticated"]),
        Case(.usual, "client", ["X-Remote-User: alice", "X-Remote-Group: system:unauthenticated"]),
        Case(.usual, "client", ["X-Forwarded-User: alice"]),
        Case(.usual, "wrong-name", ["X-Remote-User: alice"]),
        Case(.usual, "stranger", ["X-Remote-User: alice"]),
        Case(.usual, "user", ["X-Remote-User: alice"]),
        Case(.usual, "user", []),
        Case(.usual, "grouped", []),
        Case(.usual, "nameless", []),
        Case(.usual, nil, ["X-Remote-User: alice"]),
        Case(.usual, nil, []),
        Case(.usual, nil, ["Authorization: Basic YTpi"]),
        Case(.usual, "expired", ["X-Remote-User: alice"]),
        Case(.usual, "expired-user", []),
        Case(.usual, "server-only", ["X-Remote-User: alice"]),
        Case(.usual, "no-usage", ["X-Remote-User: alice"]),
        Case(.usual, "encipherment", ["X-Remote-User: alice"]),
        Case(.usual, "behind-intermediate", ["X-Remote-User: alice"]),
        Case(.usual, "intermediate-missing", ["X-Remote-User: alice"]),
        Case(.usual, "tutorial", ["X-Remote-User: alice"]),
    ]

    private static let shared: [Case] = [
        Case(.shared, "user", ["X-Remote-User: alice"]),
        Case(.shared, "user", []),
        Case(.shared, "grouped", ["X-Remote-User: alice"]),
        Case(.shared, "user", ["X-Forwarded-User: carol"]),
        Case(.shared, "user", ["X-Forwarded-User: carol", "X-Remote-User: alice"]),
        Case(.shared, "user", ["X-Remote-User: alice", "X-Forwarded-Group: b", "X-Remote-Group: a"]),
        Case(.shared, "user", ["X-Remote-User: alice", "X-Other-One: 1", "X-Remote-Extra-Two: 2"]),
        Case(.shared, "client", ["X-Remote-User: alice"]),
    ]

    private static let headersAlone: [Case] = [
        Case(.headersAlone, "wrong-name", ["X-Remote-User: alice"]),
        Case(.headersAlone, "client", []),
        Case(.headersAlone, "stranger", ["X-Remote-User: alice"]),
        Case(.headersAlone, "user", []),
        Case(.headersAlone, nil, []),
    ]

    private static let plain: [Case] = [
        Case(.plain, "client", ["X-Remote-User: alice"]),
        Case(.plain, "user", ["X-Remote-User: alice"]),
        Case(.plain, nil, ["X-Remote-User: alice"]),
    ]

    /// Behind the flags of `KubeAPIServer` itself, which name the client CA.
    static func flags(_ setup: Setup, _ pki: PKI) -> [String] {
        let proxy = [
            "--proxy-client-cert-file=\(pki.base.file("client.pem"))",
            "--proxy-client-key-file=\(pki.base.file("client-key.pem"))",
        ]
        let headers = [
            "--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        ]
        switch setup {
        case .usual:
            return [
                "--authorization-mode=RBAC",
                "--requestheader-client-ca-file=\(pki.base.file("proxy-cas.pem"))",
            ]
                + ["--requestheader-allowed-names=aggregator,other"] + headers + proxy
        case .shared:
            return [
                "--authorization-mode=RBAC",
                "--requestheader-client-ca-file=\(pki.base.file("client-ca.pem"))",
                "--requestheader-allowed-names=aggregator",
                "--requestheader-username-headers=X-Remote-User,X-Forwarded-User",
                "--requestheader-group-headers=X-Remote-Group",
                "--requestheader-group-headers=X-Forwarded-Group",
                "--requestheader-extra-headers-prefix=X-Remote-Extra-,X-Other-",
            ] + proxy
        case .headersAlone:
            return [
                "--authorization-mode=RBAC", "--anonymous-auth=false", "--client-ca-file=",
                "--requestheader-client-ca-file=\(pki.base.file("front-proxy-ca.pem"))",
            ] + headers + proxy
        case .plain: return ["--authorization-mode=RBAC"]
        }
    }

    /// More certificates of the openssl command, made once.
    struct PKI: Sendable {
        static let shared = Result { try PKI() }

        let base: TestPKI
        /// The key's name of those certificates that have no key of their name.
        let keys = ["intermediate-missing": "behind-intermediate"]

        private init() throws {
            base = try TestPKI.shared.get()
            let hosts = "DNS:aggregator"
            try base.issue("grouped", "/O=dev/O=ops/CN=bob", hosts, "clientAuth", by: "client-ca")
            try base.issue("nameless", "/O=dev", hosts, "clientAuth", by: "client-ca")
            try base.issue("server-only", "/CN=aggregator", hosts, "serverAuth", by: "front-proxy-ca")
            try base.issue(
                "encipherment", "/CN=aggregator", hosts, "clientAuth\nkeyUsage=critical,keyEncipherment",
                by: "front-proxy-ca")
            try base.issue("no-usage", "/CN=aggregator", hosts, nil, by: "front-proxy-ca")
            try base.issue(
                "expired", "/CN=aggregator", hosts, "clientAuth", by: "front-proxy-ca", at: "2021-01-01")
            try base.issue(
                "expired-user", "/CN=aggregator", hosts, "clientAuth", by: "client-ca", at: "2021-01-01")
            try base.issue(
                "intermediate", "/CN=aggregator intermediate", hosts,
                "clientAuth\nbasicConstraints=critical,CA:true",
                by: "front-proxy-ca")
            try base.issue("behind-intermediate", "/CN=aggregator", hosts, "clientAuth", by: "intermediate")
            let leaf = try base.text("behind-intermediate.pem")
            try base.directory.write(leaf, to: "intermediate-missing.pem")
            try base.directory.write(leaf + base.text("intermediate.pem"), to: "behind-intermediate.pem")
            // As cfssl makes it of one request for both: one subject, and no identifier that tells them apart.
            try base.tutorialPair("tutorial", "/O=k8s/CN=aggregator")
            try base.directory.write(
                base.text("front-proxy-ca.pem") + base.text("tutorial-ca.pem"), to: "proxy-cas.pem")
        }
    }
}
