// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Planning
@testable import Spec
@testable import SystemdUnits
import Values

/// Whether an API server asks extension servers itself, by its environment and its flags.
@Suite struct ExtensionReachTests {
    enum Kind: Sendable { case direct, proxied, unknown }

    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let variables: [String: String]
        var flags = ["--service-cluster-ip-range=10.254.0.0/16"]
        var servers: [String]?
        var minor = 20
        let kind: Kind
        let says: [String]
        var testDescription: String { name }
    }

    static let proxy = ["HTTPS_PROXY": "http://user:s3cret@10.0.0.9:3128", "NO_PROXY": "192.168.123.250"]
    static let routed = ["--service-cluster-ip-range=10.254.0.0/16", "--enable-aggregator-routing=true"]

    static let rows: [Row] = [
        Row(name: "no proxy", variables: ["NO_PROXY": "x"], kind: .direct, says: ["no variable"]),
        Row(
            name: "nodes alone", variables: proxy, kind: .proxied,
            says: [
                "HTTPS_PROXY is set", "NO_PROXY does not cover 10.254.0.0/16 of --service-cluster-ip-range",
            ]),
        Row(
            name: "nothing excepted", variables: ["https_proxy": "p:1"], kind: .proxied,
            says: ["https_proxy is set", "NO_PROXY is not set", "10.254.0.0/16"]),
        Row(
            name: "the range", variables: ["HTTPS_PROXY": "p:1", "no_proxy": "10.254.0.0/16"], kind: .direct,
            says: ["no_proxy covers 10.254.0.0/16"]),
        Row(
            name: "the default range", variables: proxy, flags: [], kind: .proxied, says: ["10.0.0.0/24"]),
        Row(
            name: "two families", variables: ["HTTPS_PROXY": "p:1", "NO_PROXY": "10.254.0.0/16"],
            flags: ["--service-cluster-ip-range=10.254.0.0/16,fd00:10::/112"], kind: .unknown,
            says: ["fd00:10::/112"]),
        Row(
            name: "two families, none", variables: proxy,
            flags: ["--service-cluster-ip-range=fd00:10::/112,10.254.0.0/16"], kind: .proxied,
            says: ["fd00:10::/112, 10.254.0.0/16"]),
        Row(
            name: "routed, not known", variables: proxy, flags: routed, kind: .unknown,
            says: ["NO_PROXY must cover the addresses of extension API servers", "no kubeconfig"]),
        Row(
            name: "routed, all excepted", variables: ["HTTPS_PROXY": "p:1", "NO_PROXY": "*"], flags: routed,
            kind: .direct, says: ["every address"]),
        Row(
            name: "routed, proxied", variables: proxy, flags: routed, servers: ["192.168.123.10", "fd00::7"],
            kind: .proxied, says: ["192.168.123.10:8443, [fd00::7]:8443"]),
        Row(
            name: "routed, excepted", variables: ["HTTPS_PROXY": "p:1", "NO_PROXY": "192.168.123.0/24"],
            flags: routed, servers: ["192.168.123.10"], kind: .direct, says: ["covers 192.168.123.10:8443"]),
        Row(
            name: "routed, none", variables: proxy, flags: routed, servers: [], kind: .direct,
            says: ["no extension API server"]),
        Row(
            name: "http alone, before 1.21", variables: ["HTTP_PROXY": "p:1"], kind: .unknown,
            says: ["HTTP_PROXY", "1.20"]),
        Row(
            name: "http alone", variables: ["HTTP_PROXY": "p:1"], minor: 21, kind: .direct,
            says: ["no variable"]),
    ]

    @Test(arguments: rows) func saysWhatGoesToTheProxy(_ row: Row) {
        let reach = ExtensionReach(
            ProxyEnvironment { row.variables[$0] }, flags: EffectiveFlags.parse(arguments: row.flags),
            version: KubernetesVersion(major: 1, minor: row.minor))
        let verdict = reach.verdict(
            row.servers.map { .known($0.map { .init(address: $0, port: 8443) }) }
                ?? .unknown("there is no kubeconfig"))
        let (kind, text): (Kind, Message) =
            switch verdict {
            case .direct(let text): (.direct, text)
            case .proxied(let text): (.proxied, text)
            case .unknown(let text): (.unknown, text)
            }
        #expect(kind == row.kind, "\(text)")
        for words in row.says { #expect(text.contains(words)) }
        #expect(!text.contains("s3cret"))
    }
}
