// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Planning
@testable import Spec
@testable import SystemdUnits
@testable import Values

/// What a spec says that is made of running control planes, and what is told beside it.
@Suite struct AdoptedSpecTests {
    private static let now = UnixTime(year: 2026, month: 1, day: 1)

    private static let kubeadmFlags = [
        "--requestheader-client-ca-file=/etc/kubernetes/pki/front-proxy-ca.crt",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group", "--requestheader-username-headers=X-Remote-User",
        "--proxy-client-cert-file=/etc/kubernetes/pki/front-proxy-client.crt",
        "--proxy-client-key-file=/etc/kubernetes/pki/front-proxy-client.key",
    ]

    private static func certificate(
        _ name: String, serial: Int = 0, days: Int64 = 365, isCA: Bool = false,
        names: SubjectNames = SubjectNames(), others: [String] = []
    ) -> AdoptedServer.Certificate {
        var summary = summary(name, serial: serial)
        summary.notBefore = now.advanced(bySeconds: -300)
        summary.notAfter = now.advanced(bySeconds: days * 86400)
        summary.isCA = isCA
        summary.usages = isCA ? ["cert sign"] : ["digital signature", "key encipherment", "client auth"]
        return .init(summary, pem: [], names: names, otherAttributes: others)
    }

    private static func server(
        _ name: String = "cp1", flags: [String] = kubeadmFlags, service: String? = nil, serial: Int = 1
    ) -> AdoptedServer {
        let parsed = EffectiveFlags.parse(arguments: flags)
        return AdoptedServer(
            node: NodeSpec(name: name, address: "\(name).example.org", ssh: SSHSpec(user: "root")),
            service: service,
            flags: parsed, caPath: parsed.string("requestheader-client-ca-file"),
            certificatePath: parsed.string("proxy-client-cert-file"),
            keyPath: parsed.string("proxy-client-key-file"),
            authorities: [certificate("front-proxy-ca", days: 3650, isCA: true)],
            client: certificate("front-proxy-client", serial: serial), keyMode: 0o600)
    }

    private static func adopt(_ servers: [AdoptedServer], cluster: String? = "c") -> AdoptedSpec {
        AdoptedSpec(
            servers,
            .init(
                cluster: cluster, clusterDefault: "kubernetes", kubeconfig: "/root/.kube/config",
                stateDirectory: nil, now: now))
    }

    private static func parsed(_ spec: AdoptedSpec) throws -> ClusterSpec {
        try ClusterSpec.parse(Array(spec.text.utf8), fileName: "new")
    }

    @Test func kubeadm() throws {
        let adopted = Self.adopt([Self.server("cp1"), Self.server("cp2", serial: 2)])
        #expect(adopted.notes == [])
        let spec = try Self.parsed(adopted)
        #expect(spec.certificates.directory == "/etc/kubernetes/pki")
        #expect(
            spec.certificates.files
                == CertificateFileNames(
                    ca: "front-proxy-ca.crt", certificate: "front-proxy-client.crt",
                    key: "front-proxy-client.key"))
        #expect(
            spec.certificates.ca.commonName == "front-proxy-ca"
                && spec.certificates.ca.validity == ValidityPeriod("10y"))
        let client = spec.certificates.proxyClient
        #expect(client.commonName == "front-proxy-client" && client.perNode)
        #expect(client.usages == [.digitalSignature, .keyEncipherment, .clientAuth])
        #expect(client.validity == ValidityPeriod("1y"))
        #expect(spec.requestHeader.allowedNames == ["front-proxy-client"])
        #expect(spec.apiServer.isExternal && spec.apiServer.kubeconfig == "/root/.kube/config")
        #expect(spec.nodes.map(\.name) == ["cp1", "cp2"] && spec.nodes[1].ssh.user == "root")
        // What kube-apiserver runs with is what the spec asks for.
        let running = EffectiveFlags.parse(arguments: Self.kubeadmFlags)
        #expect(APIServerFlags(spec: spec).differences(from: running, decidesRouting: true) == [])
    }

    @Test func routingIsKeptAsItIs() throws {
        for (flag, routing) in [
            ("--enable-aggregator-routing", true), ("--enable_aggregator_routing=false", false),
        ] {
            let spec = try Self.parsed(Self.adopt([Self.server(flags: Self.kubeadmFlags + [flag])]))
            #expect(spec.apiServer.aggregatorRouting == routing && spec.apiServer.decidesRouting)
        }
        #expect(try !Self.parsed(Self.adopt([Self.server()])).apiServer.decidesRouting)
    }

    @Test func aCommonNameOfOursLosesItsGeneration() throws {
        var server = Self.server(service: "kube-apiserver.service")
        server.authorities[0].summary.commonName = "aggregator-ca 3f9a02c4"
        server.authorities[0].summary.subjectKeyIdentifier = "3f9a02c4aaaa"
        let spec = try Self.parsed(Self.adopt([server]))
        #expect(spec.certificates.ca.commonName == "aggregator-ca")
        #expect(!spec.apiServer.isExternal && spec.apiServer.unit == "kube-apiserver.service")
    }

    /// kubeasz: one CA for everything, and no name that counts.
    @Test func aSharedCAIsNotTakenOver() throws {
        let flags = [
            "--requestheader-client-ca-file=/etc/kubernetes/ssl/ca.pem", "--requestheader-allowed-names=",
            "--proxy-client-cert-file=/etc/kubernetes/ssl/aggregator-proxy.pem",
            "--proxy-client-key-file=/etc/kubernetes/ssl/aggregator-proxy-key.pem",
            "--enable-aggregator-routing=true", "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        ]
        var server = Self.server(flags: flags, service: "kube-apiserver.service")
        server.authorities = [Self.certificate("kubernetes-ca", days: 36500, isCA: true)]
        server.clientCAKeys = [server.authorities[0].summary.publicKeySHA256]
        server.client = Self.certificate("aggregator", days: 18250)
        let adopted = Self.adopt([server])
        let spec = try Self.parsed(adopted)
        #expect(spec.certificates.files.ca == "aggregator-ca.pem")
        #expect(spec.certificates.ca.commonName == "aggregator-ca")
        #expect(spec.requestHeader.allowedNames == ["aggregator"] && spec.apiServer.aggregatorRouting)
        #expect(
            adopted.notes == [
                .sharedCA(
                    path: "/etc/kubernetes/ssl/ca.pem", subject: "CN=kubernetes-ca",
                    kept: "/etc/kubernetes/ssl/aggregator-ca.pem"), .longValidity(days: 18250),
                .anyName(kept: "aggregator"),
            ])
    }

    /// Kubernetes the hard way: no flag of the layer at all.
    @Test func theLayerIsOff() throws {
        let server = AdoptedServer(
            node: NodeSpec(name: "cp1", local: true), service: "kube-apiserver.service",
            flags: .parse(arguments: ["--secure-port=6443"]))
        let adopted = Self.adopt([server], cluster: nil)
        let spec = try Self.parsed(adopted)
        #expect(adopted.notes == [.layerOff(nodes: ["cp1"], byHand: false), .clusterName("kubernetes")])
        #expect(spec.cluster == "kubernetes" && spec.nodes[0].local)
        #expect(spec.certificates.directory == "/etc/kubernetes/ssl")
        #expect(spec.requestHeader.allowedNames == ["aggregator"])
    }

    @Test func whatCannotBeKeptIsSaid() throws {
        var server = Self.server(
            flags: Self.kubeadmFlags.filter { !$0.contains("key-file") && !$0.contains("allowed-names") }
                + ["--proxy-client-key-file=/root/proxy.key", "--requestheader-allowed-names=other,\u{7}"])
        server.client = Self.certificate(
            "front-proxy-client", names: SubjectNames(country: "China", organization: "k8s"),
            others: ["emailAddress"])
        server.client?.summary.usages = ["code signing", "server auth"]
        server.client?.summary.hosts = ["a_b", "127.0.0.1"]
        server.client?.summary.key = nil
        server.client?.summary.weakKey = "RSA-1024"
        server.keyMode = 0o644
        server.caKeys = ["/etc/kubernetes/pki/front-proxy-ca.key"]
        let adopted = Self.adopt([server])
        let spec = try Self.parsed(adopted)
        #expect(
            adopted.notes == [
                .otherDirectory(
                    flag: "proxy-client-key-file", path: "/root/proxy.key", directory: "/etc/kubernetes/pki"),
                .attributes(.proxyClient, ["C", "emailAddress"]), .key(.proxyClient, found: "RSA-1024"),
                .host("a_b"), .usage("code signing"), .noClientAuth,
                .flag(name: "requestheader-allowed-names", found: "other,\u{7}", kept: "other"),
                .nameNotAllowed("front-proxy-client"),
                .openKey(node: "cp1", path: "/root/proxy.key", mode: 0o644),
                .caKeyOnNode(node: "cp1", path: "/etc/kubernetes/pki/front-proxy-ca.key"),
            ])
        #expect(spec.certificates.files.key == "proxy.key")
        #expect(spec.certificates.proxyClient.names == SubjectNames(organization: "k8s"))
        #expect(spec.certificates.proxyClient.usages == [.serverAuth, .clientAuth])
        #expect(spec.certificates.proxyClient.hosts.map(\.description) == ["127.0.0.1"])
        #expect(spec.requestHeader.allowedNames == ["other", "front-proxy-client"])
    }

    @Test func headersOfTheirOwn() throws {
        let flags = Self.kubeadmFlags.map {
            $0 == "--requestheader-group-headers=X-Remote-Group"
                ? "--requestheader-group-headers=X-Remote-Group,X-Team" : $0
        }
        let spec = try Self.parsed(Self.adopt([Self.server(flags: flags)]))
        #expect(spec.requestHeader.groupHeaders == ["X-Remote-Group", "X-Team"])
        #expect(
            APIServerFlags(spec: spec).differences(from: .parse(arguments: flags), decidesRouting: true) == []
        )
    }

    /// A header's name is the same in capitals, and the order of a list does not count.
    @Test func whatMakesNoDifference() throws {
        let flags = Self.kubeadmFlags.map {
            $0.replacing("=X-Remote-User", with: "=x-remote-user,X-Remote-User")
                .replacing("names=front-proxy-client", with: "names=a,front-proxy-client")
        }
        let other = flags.map {
            $0.replacing("names=a,front-proxy-client", with: "names=front-proxy-client,a")
        }
        let adopted = Self.adopt([
            Self.server("cp1", flags: flags), Self.server("cp2", flags: other, serial: 2),
        ])
        #expect(try Self.parsed(adopted).requestHeader.usernameHeaders == ["x-remote-user"])
        #expect(!adopted.notes.contains { if case .differs = $0 { true } else { false } })
    }

    @Test func nodesThatDiffer() throws {
        var other = Self.server(
            "cp2", flags: Self.kubeadmFlags.map { $0.replacing("front-proxy-client.crt", with: "x.crt") })
        other.authorities[0].summary.fingerprintSHA256 = "other"
        let off = AdoptedServer(
            node: NodeSpec(name: "cp3", address: "cp3.example.org"), service: nil,
            flags: .parse(arguments: []))
        let adopted = Self.adopt([off, Self.server(), other])
        #expect(adopted.notes.contains(.layerOff(nodes: ["cp3"], byHand: true)))
        #expect(
            adopted.notes.contains(
                .differs(
                    node: "cp2", what: "--proxy-client-cert-file", found: "/etc/kubernetes/pki/x.crt",
                    kept: "/etc/kubernetes/pki/front-proxy-client.crt")))
        #expect(
            adopted.notes.contains {
                if case .differs("cp2", "the requestheader CA", _, _) = $0 { true } else { false }
            })
        #expect(try Self.parsed(adopted).certificates.files.certificate == "front-proxy-client.crt")
    }

    @Test func onePairForAll() throws {
        let adopted = Self.adopt([Self.server("cp1"), Self.server("cp2")])
        #expect(adopted.notes == [.sharedPair])
        #expect(try !Self.parsed(adopted).certificates.proxyClient.perNode)
    }

    @Test func whatEndsSoonIsSaid() {
        var server = Self.server()
        server.client?.summary.notAfter = Self.now.advanced(bySeconds: 5 * 86400)
        let notes = Self.adopt([server]).notes
        #expect(notes == [.ends(node: "cp1", .proxyClient, Self.now.advanced(bySeconds: 5 * 86400))])
    }

    @Test(arguments: [0, -1] as [Int64])
    func whatHasEndedIsNoAdvice(seconds: Int64) {
        var server = Self.server()
        let end = Self.now.advanced(bySeconds: seconds)
        server.client?.summary.notAfter = end
        server.authorities[0].summary.notBefore = Self.now.advanced(bySeconds: 60)
        let notes = Self.adopt([server]).notes
        #expect(
            notes == [
                .notYetValid(node: "cp1", .ca, Self.now.advanced(bySeconds: 60)),
                .ended(node: "cp1", .proxyClient, end),
            ])
        #expect(notes.allSatisfy { $0.kind == .broken })
    }

    @Test(
        arguments: [
            (365 * 86400 + 300, "1y"), (3650 * 86400, "10y"), (90 * 86400, "90d"),
            (90 * 86400 + 7200, "2162h"),
            (1800, "1800s"), (60, "600s"), (36500 * 86400 * 2, "100y"),
        ] as [(Int64, String)])
    func validity(seconds: Int64, text: String) {
        #expect(AdoptedCertificates.text(seconds) == text)
    }
}
