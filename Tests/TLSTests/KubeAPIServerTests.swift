// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Spec
@testable import TLS
import Values

/// Every probe against a real kube-apiserver, with and without the aggregation layer.
@Suite struct KubeAPIServerTests {
    enum Setup: String, CaseIterable, Sendable {
        case plain, aggregation, noAnonymous, allowAll

        var hasAggregation: Bool { self != .plain }

        /// kube-apiserver turns anonymous requests off by itself where everything is allowed.
        var hasAnonymous: Bool { self == .plain || self == .aggregation }
    }

    private func flags(_ setup: Setup) throws -> [String] {
        let pki = try TestPKI.shared.get()
        let aggregation = [
            "--requestheader-client-ca-file=\(pki.file("front-proxy-ca.pem"))",
            "--requestheader-allowed-names=aggregator", "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--proxy-client-cert-file=\(pki.file("client.pem"))",
            "--proxy-client-key-file=\(pki.file("client-key.pem"))",
        ]
        switch setup {
        case .plain: return ["--authorization-mode=RBAC"]
        case .aggregation: return ["--authorization-mode=RBAC"] + aggregation
        case .noAnonymous: return ["--authorization-mode=RBAC", "--anonymous-auth=false"] + aggregation
        case .allowAll: return ["--authorization-mode=AlwaysAllow"] + aggregation
        }
    }

    @Test(arguments: Setup.allCases)
    func answersEveryProbe(_ setup: Setup) throws {
        guard let binary = KubeAPIServer.binary else {
            return print("not run: AGGBOOTSTRAP_KUBE_APISERVER names no kube-apiserver")
        }
        let pki = try TestPKI.shared.get()
        let server = try KubeAPIServer(binary, flags: try flags(setup))
        let user = try #require(ProbeUser(suffix: "a1"))
        let proxy = Caller.frontProxy(try pki.identity("client"), user, RequestHeaderNames())

        let caller = setup.hasAnonymous ? .anonymous : proxy
        let ready = try server.waitUntilAnswering(as: caller)
        #expect(ready.isReady && ready.failedChecks.isEmpty)
        #expect(ready.hasProxyClientHook == setup.hasAggregation)
        let anonymous = try ReadinessProbe.readyz(server.endpoint, trust: server.trust)
        #expect(anonymous.status == (setup.hasAnonymous ? 200 : 401))

        let version = try VersionProbe.version(server.endpoint, trust: server.trust, as: caller)
        #expect(version.gitVersion.hasPrefix("v\(version.version)."))
        print("\(setup): \(version.gitVersion), \(ready.checks.count) checks")

        let names = try #require(
            try TLSHandshakeProbe.handshake(server.endpoint, trust: server.trust).acceptedCANames)
        let wantedCAs = setup.hasAggregation ? ["client-ca", "front-proxy-ca"] : ["client-ca"]
        #expect(names.count == wantedCAs.count)
        for ca in wantedCAs {
            let certificate = Data(try pki.der("\(ca).pem"))
            #expect(names.filter { certificate.range(of: Data($0)) != nil }.count == 1)
        }

        for (name, wanted) in outcomes(
            setup, user, since128: version.version >= KubernetesVersion(major: 1, minor: 28))
        {
            let outcome = try IdentityProbe.probe(
                server.endpoint, trust: server.trust, identity: try pki.identity(name), user: user)
            print("\(setup): \(name): \(outcome)")
            if case .inconclusive = wanted, case .inconclusive = outcome { continue }
            #expect(outcome == wanted)
        }
    }

    /// What each client certificate leads to.
    private func outcomes(
        _ setup: Setup, _ user: ProbeUser, since128: Bool
    ) -> [(String, IdentityOutcome)] {
        let seen: (String) -> IdentityOutcome = { name in
            if setup == .allowAll, !since128 { return .inconclusive(reason: "") }
            return name == user.description ? .accepted(user: name) : .takenFor(user: name)
        }
        return [
            ("client", setup.hasAggregation ? seen(user.description) : .rejected),
            ("wrong-name", .rejected), ("stranger", .rejected),
            // Of the client CA: a user of its own, whatever its headers say.
            ("user", seen("aggregator")),
        ]
    }
}
