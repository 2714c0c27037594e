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
    private let machine: AdoptedMachine
    private var directory: TemporaryDirectory { machine.directory }
    private var root: String { machine.root }

    init() throws { machine = try AdoptedMachine() }

    private func openssl(_ line: String) throws { try machine.openssl(line) }
    private func copy(_ file: String, to path: String) throws { try machine.copy(file, to: path) }
    private func program(_ name: String, _ arguments: [String]) throws {
        try machine.program(name, arguments)
    }
    private func process(_ more: [String] = []) throws { try machine.process(AdoptedMachine.flags + more) }

    private var effects: Effects { machine.effects { ExternalAPIServer($0) } }

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

    @Test func aCertificateThatNoCAHasSigned() async throws {
        func isTold() async throws -> Bool {
            try await adopt().notes.contains {
                if case .unsigned(_, "/pki/client.crt") = $0 { $0.kind == .broken } else { false }
            }
        }
        #expect(try await !isTold())
        try copy(directory.file("other.crt"), to: "\(root)/pki/ca.crt")
        #expect(try await isTold())
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

    // MARK: - Before anything is done

    private func refusal(_ change: (inout Adoption.Request) -> Void) async -> ErrorReport? {
        var request = Adoption.Request(
            destinations: ["admin@192.0.2.7"], sshConfig: nil, cluster: "c", kubeconfig: nil,
            state: directory.file("state"), caKey: nil, passphrase: nil)
        change(&request)
        do {
            _ = try await Adoption(request, effects: effects)
            return nil
        } catch { return ErrorReport(error) }
    }

    /// By an alias of ssh_config and by an address, say.
    @Test func aMachineThatIsNamedTwice() async throws {
        #expect(
            await refusal { $0.destinations.append("admin@cp1") } == nil, "it is not known that it is one")
        try directory.write("7d7c1d5e\n", to: "node/proc/sys/kernel/random/boot_id")
        let report = await refusal { $0.destinations.append("admin@cp1") }
        #expect(report?.code == "adopt/same-machine" && report?.status == .usage)
        #expect(report?.message.contains("192.0.2.7 and cp1 are both master-1") == true)
        #expect(await refusal { _ in } == nil)
    }

    @Test func filesOfOptionsAreLookedForFirst() async throws {
        // No kube-apiserver is found, and that is not what is said.
        try program("rm", ["-r", "\(root)/proc/41"])
        for option in [\Adoption.Request.kubeconfig, \.sshConfig] {
            let missing = await refusal { $0[keyPath: option] = directory.file("missing") }
            #expect(missing?.code == "usage/no-such-file" && missing?.status == .usage)
            #expect(missing?.message.hasSuffix("/missing does not exist") == true)
            let folder = await refusal { $0[keyPath: option] = directory.path }
            #expect(folder?.message.hasSuffix(" is a directory") == true)
            #expect(
                await refusal { $0[keyPath: option] = directory.file("ca.crt") }?.code == "adopt/no-process")
        }
        #expect(await refusal { $0.caKey = directory.file("missing") }?.code == "adopt/ca-key")
    }

    @Test func aCAKeyThatCannotBeReadIsSaidWithTheWayOut() async throws {
        try openssl("pkey -in ca.key -aes256 -passout pass:secret -out locked.key")
        try program("chmod", ["0600", directory.file("locked.key"), directory.file("ca.crt")])
        let locked = await refusal { $0.caKey = directory.file("locked.key") }
        #expect(locked?.code == "pki/encrypted-key")
        #expect(locked?.hint?.contains("openssl pkey -in \(directory.file("locked.key"))") == true)
        let certificate = await refusal { $0.caKey = directory.file("ca.crt") }
        #expect(certificate?.hint?.contains("private key in PEM") == true, "\(certificate?.hint ?? "")")
    }

    @Test func theStateOfAnotherCluster() async throws {
        let cluster = try OfflineCluster(OfflineCluster.spec(nodes: ["cp1"]))
        try await cluster.converge()
        for name in [nil, "c", "demo"] as [String?] {
            let report = await refusal { ($0.cluster, $0.state) = (name, cluster.state.path) }
            #expect(report?.code == "adopt/state-in-use")
            #expect(report?.message.contains("of cluster demo, whose CA is CN=") == true)
        }
        // Where the layer is off, it may well be theirs.
        try machine.process(["--secure-port=6443"])
        #expect(await refusal { ($0.cluster, $0.state) = (nil, cluster.state.path) } == nil)
        #expect(
            await refusal { ($0.cluster, $0.state) = ("c", cluster.state.path) }?.code == "adopt/state-in-use"
        )
    }

    @Test func oneSpecHasOneUnit() {
        func server(_ name: String, _ service: String?) -> AdoptedServer {
            AdoptedServer(
                node: NodeSpec(name: name, address: name), service: service, flags: .parse(arguments: []))
        }
        func code(_ other: String?) -> String? {
            let servers = [server("cp1", "a.service"), server("cp2", "a.service"), server("cp3", other)]
            do {
                try AdoptionChecks.check(servers)
                return nil
            } catch {
                let report = ErrorReport(error)
                #expect(report.message.contains("on cp1 (the unit a.service) and on cp3 ("))
                return report.code
            }
        }
        #expect(code("a.service") == nil)
        #expect(code("b.service") == "adopt/several-units")
        #expect(code(nil) == "adopt/several-managers")
    }
}
