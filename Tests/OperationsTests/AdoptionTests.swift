// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import ControlPlane
@testable import LocalFiles
@testable import NodeAccess
@testable import Operations
@testable import PKI
@testable import Planning
@testable import Secrets
@testable import Spec
@testable import StateStore
@testable import SystemdUnits
@testable import Values

/// Control planes that run, as `/proc` and the files of a tree show them, become a spec.
@Suite struct AdoptionTests {
    private let directory: TemporaryDirectory
    private let root: String

    init() throws {
        directory = try TemporaryDirectory()
        root = directory.file("node")
        try directory.write("btime 1700000000\n", to: "node/proc/stat")
        try directory.write("Master-1\n", to: "node/proc/sys/kernel/hostname")
        try openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 3650 -subj /CN=front-proxy-ca"
        )
        try openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.crt -days 3650 -subj /CN=kubernetes"
        )
        try openssl(
            "req -new -newkey rsa:2048 -nodes -keyout client.key -out client.csr -subj /O=k8s/CN=front-proxy-client"
        )
        try directory.write("extendedKeyUsage=clientAuth\nkeyUsage=digitalSignature\n", to: "extensions")
        try openssl(
            "x509 -req -in client.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -out client.crt -extfile extensions"
        )
        try program("mkdir", ["-p", "\(root)/pki"])
        for name in ["ca.crt", "client.crt", "client.key"] {
            try copy(directory.file(name), to: "\(root)/pki/\(name)")
        }
        try process(["--client-ca-file=/pki/clients.crt"])
        try copy(directory.file("other.crt"), to: "\(root)/pki/clients.crt")
    }

    private func openssl(_ line: String) throws {
        try program("openssl", line.split(separator: " ").map(String.init))
    }

    private func copy(_ file: String, to path: String) throws { try program("cp", [file, path]) }

    private func program(_ name: String, _ arguments: [String]) throws {
        let result = try run(name, arguments, currentDirectory: directory.path)
        #expect(result.status == 0, "\(result.stderr)")
    }

    private static let flags = [
        "--requestheader-client-ca-file=/pki/ca.crt", "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User", "--proxy-client-cert-file=/pki/client.crt",
        "--proxy-client-key-file=/pki/client.key",
    ]

    private func process(_ more: [String] = [], cgroup: String = "0::/system.slice/kube-api.service\n") throws
    {
        let arguments = ["/usr/bin/kube-apiserver"] + Self.flags + more
        try directory.write(arguments.joined(separator: "\0") + "\0", to: "node/proc/41/cmdline")
        let fields = ["S"] + Array(repeating: "0", count: 18) + ["500", "0"]
        try directory.write("41 (x) \(fields.joined(separator: " "))\n", to: "node/proc/41/stat")
        try directory.write(cgroup, to: "node/proc/41/cgroup")
    }

    private var effects: Effects {
        var effects = Effects(
            now: LocalHost.now, progress: { _ in }, systemBus: { throw CancellationError() })
        effects.link = { [root] _ in
            let node = LocalTransport(root: NodeRoot(prefix: root))
            return NodeLink(node: node, units: ExternalAPIServer(node), tunnel: nil)
        }
        return effects
    }

    private func adopt(caKey: String? = nil, cluster: String? = "c") async throws -> Adoption {
        try await Adoption(
            .init(
                destinations: ["admin@192.0.2.7"], sshConfig: nil, cluster: cluster, kubeconfig: nil,
                state: directory.file("state"), caKey: caKey.map(directory.file), passphrase: nil),
            effects: effects)
    }

    @Test func aRunningControlPlane() async throws {
        let adoption = try await adopt()
        let spec = try ClusterSpec.parse(Array(adoption.text.utf8), fileName: "new")
        #expect(spec.apiServer.unit == "kube-api.service" && !spec.apiServer.isExternal)
        #expect(
            spec.nodes == [
                NodeSpec(name: "master-1", address: "192.0.2.7", ssh: SSHSpec(user: "admin", sudo: true))
            ])
        #expect(spec.certificates.directory == "/pki" && spec.certificates.files.ca == "ca.crt")
        #expect(
            spec.certificates.ca.key == .ecdsa(bits: 256)
                && spec.certificates.proxyClient.key == .rsa(bits: 2048))
        #expect(spec.certificates.proxyClient.names == SubjectNames(organization: "k8s"))
        #expect(spec.stateDirectory == directory.file("state"))
        #expect(adoption.notes.contains(.foreignCA(subject: "CN=front-proxy-ca")))
        #expect(try FileStatus.of(directory.file("state")) == nil, "nothing was written")
    }

    @Test(
        arguments: [
            ("0::/system.slice/kube-apiserver.service\n", "kube-apiserver.service"),
            ("12:cpu:/\n1:name=systemd:/system.slice/a.service\n0::/x.slice/b.service\n", "a.service"),
            ("0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-1.scope\n", nil),
            ("0::/kubepods/burstable/x.service\n", nil), ("0::/docker/abc\n", nil),
            ("0::/system.slice/snap.microk8s.daemon-kubelite.service\n", nil), ("", nil),
        ] as [(String, String?)])
    func theServiceOfAProcess(cgroup: String, service: String?) {
        #expect(AdoptionReader.service(cgroup: Array(cgroup.utf8)) == service)
    }

    @Test func aCAIsTakenOverWithItsKey() async throws {
        let adoption = try await adopt(caKey: "ca.key")
        #expect(adoption.taken?.subject == "CN=front-proxy-ca")
        #expect(adoption.notes.contains(.clientsAreIssued))
        let state = StateDirectory(path: directory.file("state"), cluster: "c")
        let inventory = try state.inventory()
        let current = try #require(inventory.current)
        #expect(current.hasKey && current.certificate.subject == "CN=front-proxy-ca")
        _ = try state.authority(current)
        #expect(try Ledger(state: state).openRotation() == nil, "the ledger says where the CA comes from")
        let pem = try FileReader.read(directory.file("client.crt")) ?? []
        #expect(inventory.adoptedLeaves == (try Certificate.fingerprints(pem: pem, path: "client.crt")))
        #expect(inventory.issuedLeaves == [], "they are not ours to remove")
        // Killed before its spec was written, it is run again.
        _ = try await adopt(caKey: "ca.key")
        #expect(try state.inventory() == inventory)
        // Later, without the key, the state directory tells whose it is.
        let again = try await adopt(cluster: nil)
        #expect(again.text.contains(#""cluster": "c""#))
        #expect(!again.notes.contains { $0.kind == .fact && $0 != .noKubeconfig })
    }

    /// Certificates belong to names of the state directory, whatever the machine is called.
    @Test func aNodeOfOursKeepsItsName() async throws {
        let cluster = try OfflineCluster(OfflineCluster.spec(nodes: ["cp1", "cp2"]))
        try await cluster.converge()
        let files = "\(cluster.root)/cp2/etc/kubernetes/ssl"
        try copy("\(files)/aggregator-ca.pem", to: "\(root)/pki/ca.crt")
        try copy("\(files)/aggregator.pem", to: "\(root)/pki/client.crt")
        let adoption = try await Adoption(
            .init(
                destinations: ["root@192.0.2.7"], sshConfig: nil, cluster: nil, kubeconfig: nil,
                state: cluster.state.path, caKey: nil, passphrase: nil), effects: effects)
        let spec = try ClusterSpec.parse(Array(adoption.text.utf8), fileName: "new")
        #expect(spec.cluster == "demo" && spec.nodes.map(\.name) == ["cp2"])
    }

    private func failure(_ caKey: String) async -> String? {
        do {
            _ = try await adopt(caKey: caKey)
            return nil
        } catch { return ErrorReport(error).code }
    }

    @Test func aKeyThatDoesNotBelongIsRefused() async throws {
        #expect(await failure("other.key") == "adopt/ca-key")
        #expect(await failure("client.key") == "adopt/ca-key")
        #expect(await failure("none.key") == "adopt/ca-key")
        try program("chmod", ["0600", directory.file("ca.crt")])
        #expect(await failure("ca.crt")?.hasPrefix("pki/") == true)
        try program("chmod", ["0640", directory.file("ca.key")])
        #expect(await failure("ca.key") == "node/not-private")
        #expect(try FileStatus.of(directory.file("state")) == nil)
    }

    @Test func aCAThatIsUnfitIsRefused() async throws {
        // The client certificate of another CA.
        try copy(directory.file("other.crt"), to: "\(root)/pki/client.crt")
        #expect(await failure("ca.key") == "adopt/ca-unfit")
        try copy(directory.file("client.crt"), to: "\(root)/pki/client.crt")
        // One CA for everything.
        try copy(directory.file("ca.crt"), to: "\(root)/pki/clients.crt")
        #expect(await failure("ca.key") == "adopt/ca-unfit")
    }

    /// A state directory holds CAs that sign themselves.
    @Test func anIntermediateCAIsRefused() async throws {
        try directory.write("basicConstraints=critical,CA:TRUE\n", to: "ca-extensions")
        try openssl(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout sub.key -out sub.csr -subj /CN=sub"
        )
        try openssl(
            "x509 -req -in sub.csr -CA other.crt -CAkey other.key -CAcreateserial -days 365 -out sub.crt -extfile ca-extensions"
        )
        try openssl(
            "x509 -req -in client.csr -CA sub.crt -CAkey sub.key -CAcreateserial -days 365 -out client.crt -extfile extensions"
        )
        try copy(directory.file("sub.crt"), to: "\(root)/pki/ca.crt")
        try copy(directory.file("client.crt"), to: "\(root)/pki/client.crt")
        try copy(directory.file("ca.crt"), to: "\(root)/pki/clients.crt")
        #expect(await failure("sub.key") == "adopt/ca-unfit")
        #expect(try FileStatus.of(directory.file("state")) == nil)
    }

    @Test func oneOfTwoCAsIsRefused() async throws {
        try program("sh", ["-c", "cat ca.crt other.crt >node/pki/ca.crt"])
        try program("sh", ["-c", "rm node/pki/clients.crt && cp client.crt node/pki/clients.crt"])
        #expect(await failure("ca.key") == "adopt/ca-unfit")
    }

    @Test func aFileThatIsGoneIsNamed() async throws {
        try program("rm", ["\(root)/pki/client.crt"])
        let error = await #expect(throws: BootstrapError.self) { _ = try await adopt() }
        #expect(error?.code == "adopt/missing-file" && error?.message.contains("/pki/client.crt") == true)
    }

    @Test func pathsAreCompared() async throws {
        try process([
            "--proxy-client-cert-file=/pki/../pki/./client.crt", "--client-ca-file=/pki/clients.crt",
        ])
        let adoption = try await adopt()
        #expect(!adoption.notes.contains { if case .otherDirectory = $0 { true } else { false } })
    }

    @Test func aStateWithAnotherCAIsNotTouched() async throws {
        _ = try await adopt(caKey: "ca.key")
        for name in ["ca.crt", "client.crt"] {
            try copy(directory.file("other.crt"), to: "\(root)/pki/\(name)")
        }
        try copy(directory.file("ca.crt"), to: "\(root)/pki/clients.crt")
        #expect(await failure("other.key") == "adopt/state-in-use")
    }

    @Test(arguments: ["-oProxyCommand=x@h", "a@b@c", "root@", "h h", ""])
    func destinations(text: String) {
        let request = Adoption.Request(
            destinations: [text], sshConfig: nil, cluster: nil, kubeconfig: nil, state: nil, caKey: nil,
            passphrase: nil)
        let error = #expect(throws: BootstrapError.self) { try AdoptionTargets(request).spec() }
        #expect(error?.code == "usage/ssh-destination")
    }
}
