// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import ControlPlane
@testable import LocalFiles
@testable import NodeAccess
@testable import Planning
@testable import Spec
@testable import SystemdBus
@testable import Values

/// A kube-apiserver among a node's processes, as `/proc` of a tree or of this machine shows it.
@Suite struct ExternalAPIServerTests {
    private let directory: TemporaryDirectory
    private var node: LocalTransport { LocalTransport(root: NodeRoot(prefix: directory.path)) }

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write("cpu 1 2\nbtime 1700000000\nprocesses 3\n", to: "proc/stat")
    }

    /// - Parameter mounts: where something is mounted in its file system.
    private func process(
        _ pid: Int, _ arguments: [String], ticks: Int = 500, state: String = "S", mounts: [String] = []
    ) throws {
        try directory.write(arguments.joined(separator: "\0") + "\0", to: "proc/\(pid)/cmdline")
        let fields = [state] + Array(repeating: "0", count: 18) + ["\(ticks)", "0", "0"]
        try directory.write(
            "\(pid) (kube (api) x) \(fields.joined(separator: " "))\n", to: "proc/\(pid)/stat")
        let lines = mounts.map { "1 2 0:3 / \($0) rw - ext4 /dev/x rw\n" }
        try directory.write(lines.joined(), to: "proc/\(pid)/mountinfo")
    }

    private static let server = [
        "/usr/local/bin/kube-apiserver", "--secure-port=7443", "--etcd-servers=http://e",
    ]

    @Test func theOneThatRuns() throws {
        try process(1, ["/sbin/init"])
        try process(40, ["/usr/bin/tini", "--"] + Self.server)
        try process(41, Self.server)
        try process(42, ["grep", "kube-apiserver"])
        try process(43, ["kube-controller-manager", "--kubeconfig=/etc/kube-apiserver"])
        let found = try #require(try ExternalAPIServer(node).current())
        #expect(found.pid == 41 && found.arguments == Self.server)
        #expect(found.startedAt == UnixTime(seconds: 1_700_000_005))
    }

    @Test(arguments: [
        ["hyperkube", "kube-apiserver", "--v=2"], ["kube-apiserver-v1.20.2", "--v=2"], ["kube-apiserver"],
    ])
    func namesOfPrograms(arguments: [String]) throws {
        try process(7, arguments)
        #expect(try ExternalAPIServer(node).current()?.pid == 7)
    }

    @Test func severalAreNamed() throws {
        try process(41, Self.server)
        try process(50, ["kube-apiserver"])
        let server = ExternalAPIServer(node)
        let error = #expect(throws: BootstrapError.self) { try server.current() }
        #expect(error?.code == "process/several")
        #expect(error?.message.contains("process 41 (port 7443), process 50 (port 6443)") == true)
        #expect(throws: BusError.self) { try server.unit("kube-apiserver.service") }
    }

    @Test func k3sIsSentToItsOwnCommand() throws {
        try process(9, ["/usr/local/bin/k3s", "server"])
        let error = #expect(throws: BootstrapError.self) { try ExternalAPIServer(node).current() }
        #expect(error?.code == "process/distribution" && error?.hint?.contains("k3s certificate") == true)
    }

    /// Another process may have got its number.
    @Test func anotherProcessTakesItsPlace() throws {
        try process(41, Self.server)
        let server = ExternalAPIServer(node)
        #expect(try server.unit("x").mainPID == 41)
        try process(41, ["sleep", "1"], ticks: 900)
        #expect(try server.unit("x").mainPID == nil && server.unit("x").activeState == "inactive")
        try process(60, Self.server + ["--v=4"], ticks: 950)
        #expect(try server.current()?.arguments.last == "--v=4")
        try process(60, Self.server, ticks: 950, state: "Z")
        #expect(try server.unit("x").mainPID == nil)
    }

    @Test func flagsInAFileOfASnap() throws {
        let path = "/var/snap/microk8s/current/args/kube-apiserver"
        try process(12, ["/snap/microk8s/1/kubelite", "--apiserver-args-file=\(path)"])
        try directory.write(
            "--secure-port=16443\n# x\n--cert-dir=${SNAP_DATA}/certs\n", to: "proc/12/root\(path)")
        let found = try #require(try ExternalAPIServer(node).current())
        #expect(
            Array(found.arguments.dropFirst()) == [
                "--secure-port=16443", "--cert-dir=/var/snap/microk8s/current/certs",
            ])
        #expect(found.argumentsFile == path)
    }

    @Test func itRestartsNothing() throws {
        let server = ExternalAPIServer(node)
        #expect(throws: BusError.self) { try server.restart("x", timeoutSeconds: 1) }
        #expect(throws: BusError.self) { try server.daemonReload() }
    }

    // MARK: - What it sees

    private func hidden(_ mounts: [String] = []) throws -> [ExternalServer.HiddenFile] {
        try process(41, Self.server, mounts: mounts)
        let text =
            #"{"apiVersion":"aggbootstrap/v1","cluster":"d","apiServer":{"managedBy":"external"},"nodes":[{"name":"a","local":true}]}"#
        let spec = try ClusterSpec.parse(Array(text.utf8), fileName: "x")
        let found = try ExternalAPIServer(node).current()
        return try #require(try ExternalServerReader(spec: spec, node: node).observe(found).external)
            .hiddenFiles
    }

    private static let directoryOfFiles = "etc/kubernetes/ssl"

    @Test func itSeesTheNodesOwnFiles() throws {
        try directory.write("x", to: "\(Self.directoryOfFiles)/aggregator.pem")
        try process(41, Self.server)
        #expect(symlink("/", directory.file("proc/41/root")) == 0)
        #expect(try hidden() == [])
        #expect(
            try hidden(["/", "/etc/kubernetes/ssl/aggregator.pem", "/a\\040b"]) == [
                .init(path: "/etc/kubernetes/ssl/aggregator.pem", reason: .mountedAlone)
            ])
    }

    @Test func itHasAFileSystemOfItsOwn() throws {
        for name in ["aggregator-ca.pem", "aggregator.pem"] {
            try directory.write("x", to: "\(Self.directoryOfFiles)/\(name)")
        }
        try directory.write("x", to: "proc/41/root/\(Self.directoryOfFiles)/aggregator.pem")
        let paths = ["aggregator-ca.pem", "aggregator.pem", "aggregator-key.pem"].map {
            "/etc/kubernetes/ssl/\($0)"
        }
        #expect(
            try hidden() == [
                .init(path: paths[0], reason: .notMounted), .init(path: paths[1], reason: .otherFile),
                .init(path: paths[2], reason: .notMounted),
            ])
    }

    @Test(arguments: [
        ("/etc/kubernetes/manifests/kube-apiserver.yaml", "static"),
        ("/etc/kubernetes/manifests/kube-apiserver.json", "static"),
        ("/var/lib/rancher/rke2/agent/pod-manifests/kube-apiserver.yaml", "rke2"), ("/etc/motd", "unknown"),
    ])
    func whoKeepsItsFlags(path: String, kind: String) throws {
        try directory.write("x", to: String(path.dropFirst()))
        let text = #"{"apiVersion":"aggbootstrap/v1","cluster":"d","nodes":[{"name":"a","local":true}]}"#
        let spec = try ClusterSpec.parse(Array(text.utf8), fileName: "x")
        let found = try ExternalServerReader(spec: spec, node: node).observe(nil).external?.manager
        let expected: [String: ExternalServer.Manager] = [
            "static": .staticPod(manifest: path), "rke2": .rke2, "unknown": .unknown,
        ]
        #expect(found == expected[kind])
    }
}
