// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Planning
@testable import Spec
@testable import Values

@Suite struct SpecParsingTests {
    @Test func tutorial() throws {
        let names = SubjectNames(
            country: "CN", state: "Shanghai", locality: "Shanghai", organization: "k8s",
            organizationalUnit: "System")
        let hosts = try [
            "127.0.0.1", "192.168.123.250", "192.168.123.248", "192.168.123.249", "10.254.0.1",
        ].map { SubjectAlternativeName.ip(try #require(IPAddress($0))) }
        let services = try [
            "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster",
            "kubernetes.default.svc.cluster.local",
        ].map { SubjectAlternativeName.dns(try #require(DNSName($0))) }
        let tenYears = ValidityPeriod(seconds: 87600 * 3600)
        let expected = ClusterSpec(
            cluster: "shanghai", kubernetesVersion: KubernetesVersion(major: 1, minor: 20),
            stateDirectory: "/var/lib/aggbootstrap/shanghai",
            certificates: CertificatesSpec(
                directory: "/etc/kubernetes/ssl", files: CertificateFileNames(),
                ca: CASpec(commonName: "aggregator", names: names, key: .rsa(bits: 2048), validity: tenYears),
                proxyClient: ProxyClientSpec(
                    commonName: "aggregator", names: names, hosts: hosts + services,
                    usages: [.signing, .keyEncipherment, .serverAuth, .clientAuth], key: .rsa(bits: 2048),
                    validity: tenYears, perNode: false)),
            requestHeader: RequestHeaderSpec(allowedNames: ["aggregator"]),
            apiServer: APIServerSpec(aggregatorRouting: true, decidesRouting: true),
            nodes: [("master-1", "250"), ("master-2", "248"), ("master-3", "249")].map {
                NodeSpec(name: $0, address: "192.168.123.\($1)", ssh: SSHSpec(user: "root"))
            })
        #expect(try ClusterSpec.parse(Array(tutorialSpec.utf8), fileName: "t") == expected)
    }

    static func defaults(cluster: String, node: NodeSpec) -> ClusterSpec {
        ClusterSpec(
            cluster: cluster, kubernetesVersion: nil, stateDirectory: nil,
            certificates: CertificatesSpec(
                directory: "/etc/kubernetes/ssl", files: CertificateFileNames(),
                ca: CASpec(
                    commonName: "aggregator-ca", names: SubjectNames(), key: .ecdsa(bits: 256),
                    validity: ValidityPeriod(seconds: 10 * 365 * 86400)),
                proxyClient: ProxyClientSpec(
                    commonName: "aggregator", names: SubjectNames(), hosts: [],
                    usages: [.digitalSignature, .clientAuth], key: .ecdsa(bits: 256),
                    validity: ValidityPeriod(seconds: 365 * 86400), perNode: true)),
            requestHeader: RequestHeaderSpec(allowedNames: ["aggregator"]), apiServer: APIServerSpec(),
            nodes: [node])
    }

    @Test func smallestSpec() throws {
        let text = #"{"apiVersion":"aggbootstrap/v1","cluster":"demo","nodes":[{"name":"cp1","local":true}]}"#
        let expected = Self.defaults(cluster: "demo", node: NodeSpec(name: "cp1", local: true))
        #expect(try ClusterSpec.parse(Array(text.utf8), fileName: "t") == expected)
        let written = SpecDocument.minimal(cluster: "demo", nodes: [NewNode(name: "cp1")])
        #expect(try ClusterSpec.parse(Array(written.utf8), fileName: "t") == expected)
        let remote = SpecDocument.minimal(cluster: "demo", nodes: [NewNode(option: "cp1=2001:db8::1")])
        #expect(
            try ClusterSpec.parse(Array(remote.utf8), fileName: "t")
                == Self.defaults(cluster: "demo", node: NodeSpec(name: "cp1", address: "2001:db8::1")))
        // A hostile name stays within its string.
        let hostile = SpecDocument.minimal(cluster: "a\",\"x\":\"\u{1}\n\\", nodes: [NewNode(name: "cp1")])
        #expect(problems(in: Array(hostile.utf8))?.problems.map(\.code) == [.name])
    }

    @Test func severalNodesOfASpecThatIsWritten() throws {
        let options = ["a", "b=192.0.2.2", "c=root@192.0.2.3", "d=ops@192.0.2.4"]
        let text = SpecDocument.minimal(cluster: "demo", nodes: options.map(NewNode.init(option:)))
        #expect(
            try ClusterSpec.parse(Array(text.utf8), fileName: "t").nodes == [
                NodeSpec(name: "a", local: true), NodeSpec(name: "b", address: "192.0.2.2"),
                NodeSpec(name: "c", address: "192.0.2.3", ssh: SSHSpec(user: "root")),
                NodeSpec(name: "d", address: "192.0.2.4", ssh: SSHSpec(user: "ops", sudo: true)),
            ])
    }

    @Test func everyOtherKey() throws {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUm"
        let text = spec(
            #"""
            "kubernetesVersion": "1.36",
            "certificates": {
              "files": { "ca": "front-proxy-ca.crt", "certificate": "front-proxy-client.crt", "key": "k" },
              "ca": { "key": { "algorithm": "ed25519" }, "validity": "1y" },
              "proxyClient": { "commonName": "fp", "key": { "size": 384 }, "validity": "100y" }
            },
            "requestHeader": {
              "usernameHeaders": ["X-Remote-User", "X-My-User"], "allowCustomHeaders": true
            },
            "apiServer": {
              "unit": "kube-apiserver@a.service", "flagsIn": "environmentFile",
              "environmentFile": { "path": "/etc/kubernetes/apiserver.env", "variable": "KUBE_API_ARGS" },
              "executable": "/opt/k8s/bin/kube-apiserver", "flags": ["--v", "2", "--audit-log-path=/var/a b"],
              "serverCAFile": "ca.pem", "kubeconfig": "/root/.kube/config", "clientCAFile": "/etc/k/ca.pem"
            },
            """#,
            nodes: """
                [{ "name": "10.0.0.1", "address": "10.0.0.1", "flags": ["--advertise-address=10.0.0.1"],
                   "ssh": { "user": "ops@corp", "sudo": true, "configFile": "c", "hostKey": "\(key)" } },
                 { "name": "cp2", "local": true }]
                """)
        let read = try ClusterSpec.parse(Array(text.utf8), fileName: "t")
        #expect(
            read.certificates.files
                == CertificateFileNames(
                    ca: "front-proxy-ca.crt", certificate: "front-proxy-client.crt", key: "k"))
        #expect(read.certificates.ca.key == .ed25519)
        #expect(read.certificates.proxyClient.key == .ecdsa(bits: 384))
        #expect(read.certificates.proxyClient.validity.description == "36500d")
        #expect(
            read.requestHeader
                == RequestHeaderSpec(
                    allowedNames: ["fp"], usernameHeaders: ["X-Remote-User", "X-My-User"]))
        #expect(
            read.apiServer
                == APIServerSpec(
                    unit: "kube-apiserver@a.service", flagsIn: .environmentFile,
                    environmentFile: EnvironmentFileSpec(
                        path: "/etc/kubernetes/apiserver.env", variable: "KUBE_API_ARGS"),
                    executable: "/opt/k8s/bin/kube-apiserver",
                    flags: ["--v", "2", "--audit-log-path=/var/a b"],
                    serverCAFile: "ca.pem", kubeconfig: "/root/.kube/config", clientCAFile: "/etc/k/ca.pem"))
        let ssh = SSHSpec(user: "ops@corp", sudo: true, configFile: "c", hostKey: key)
        let flags = ["--advertise-address=10.0.0.1"]
        let nodes = [
            NodeSpec(name: "10.0.0.1", address: "10.0.0.1", ssh: ssh, flags: flags),
            NodeSpec(name: "cp2", local: true),
        ]
        #expect(read.nodes == nodes)
    }

    static let durations: [(text: String, seconds: Int64?)] = [
        ("8760h", 31_536_000), ("365d", 31_536_000), ("10y", 315_360_000), ("90m", 5400), ("1s", 1),
        ("1y6d", 32_054_400), ("87600h0m0s", 315_360_000), ("0s", nil), ("0d0h", nil), ("", nil), ("h", nil),
        ("-1h", nil), ("+1h", nil), ("1", nil), ("1w", nil), ("1.5h", nil), ("1h ", nil), ("1H", nil),
        ("1m1h", nil),
        ("1h1h", nil), ("100y", 3_153_600_000), ("100y1s", nil), ("101y", nil), ("9223372036854775807s", nil),
        ("9223372036854775807y", nil), ("99999999999999999999s", nil), ("１h", nil), ("1h1", nil),
    ]

    @Test(arguments: durations) func readsDurations(_ text: String, _ seconds: Int64?) {
        #expect(ValidityPeriod(text)?.seconds == seconds)
        // One that is read may still be too short for a certificate.
        #expect((ValidityPeriod.complaint(about: text) == nil) == (seconds.map { $0 >= 600 } ?? false))
    }

    /// A certificate that is over, or due, when it has just been issued would make a state that nothing gets on with.
    @Test(arguments: ["1s", "5m", "7m30s", "9m59s"]) func aValidityThatIsTooShort(_ text: String) throws {
        for certificate in ["ca", "proxyClient"] {
            let more = #""certificates": { "\#(certificate)": { "validity": "\#(text)" } },"#
            let bytes = Array(spec().replacing("\"nodes\"", with: more + "\"nodes\"").utf8)
            #expect(problems(in: bytes)?.problems.map(\.code) == [.duration], "\(text)")
        }
        let shortest = CertificateValidity(.minimum, at: UnixTime(seconds: 1_000_000))
        #expect(shortest.notBefore.seconds + 400 > 1_000_000 && shortest.notAfter.seconds > 1_000_000)
    }

    /// Names what 1,000 nodes cost; the bound is wide since tests run unoptimised and side by side.
    @Test func manyNodes() throws {
        let nodes = (0..<1000).map {
            let address = "10.0.\($0 / 250).\($0 % 250 + 1)"
            return #"{ "name": "n\#($0)", "address": "\#(address)", "ssh": { "user": "root" } }"#
        }
        let bytes = Array(spec(nodes: "[\(nodes.joined(separator: ",\n"))]").utf8)
        let clock = ContinuousClock()
        var read: ClusterSpec?
        let time = try clock.measure { read = try ClusterSpec.parse(bytes, fileName: "t") }
        print("1,000 nodes, \(bytes.count) bytes: \(time)")
        #expect(read?.nodes.count == 1000)
        #expect(time < .seconds(2))
        let more = Array(spec(nodes: "[\((nodes + [nodes[0]]).joined(separator: ","))]").utf8)
        #expect(problems(in: more)?.problems.map(\.code) == [.count])
    }
}
