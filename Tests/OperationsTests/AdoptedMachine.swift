// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import ControlPlane
@testable import LocalFiles
@testable import NodeAccess
@testable import Planning
@testable import Spec
@testable import SystemdBus
@testable import SystemdUnits
@testable import TLS
@testable import Values

/// A control plane that somebody set up by hand: the certificates of openssl, `/proc`, and a unit if it is given one.
struct AdoptedMachine {
    let directory: TemporaryDirectory
    let root: String

    init() throws {
        directory = try TemporaryDirectory()
        root = directory.file("node")
        try directory.write("btime 1700000000\n", to: "node/proc/stat")
        try directory.write("Master-1\n", to: "node/proc/sys/kernel/hostname")
        let key = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        for (name, subject) in [("ca", "front-proxy-ca"), ("other", "kubernetes")] {
            try openssl("\(key) -x509 -keyout \(name).key -out \(name).crt -days 3650 -subj /CN=\(subject)")
        }
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
        try copy(directory.file("other.crt"), to: "\(root)/pki/clients.crt")
        try process(Self.flags + ["--client-ca-file=/pki/clients.crt"])
    }

    func openssl(_ line: String) throws {
        try program("openssl", line.split(separator: " ").map(String.init))
    }

    func copy(_ file: String, to path: String) throws { try program("cp", [file, path]) }

    func program(_ name: String, _ arguments: [String]) throws {
        let result = try run(name, arguments, currentDirectory: directory.path)
        #expect(result.status == 0, "\(result.stderr)")
    }

    static let flags = [
        "--requestheader-client-ca-file=/pki/ca.crt", "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User", "--proxy-client-cert-file=/pki/client.crt",
        "--proxy-client-key-file=/pki/client.key",
    ]

    /// Puts a kube-apiserver with these flags in the place of the one that runs.
    func process(_ flags: [String], pid: Int32 = 41, unit: String = "kube-api.service") throws {
        for known in [41, pid] { try program("rm", ["-rf", "\(root)/proc/\(known)"]) }
        let arguments = ["/usr/bin/kube-apiserver"] + flags
        try directory.write(arguments.joined(separator: "\0") + "\0", to: "node/proc/\(pid)/cmdline")
        let fields = ["S"] + Array(repeating: "0", count: 18) + ["500", "0"]
        try directory.write("\(pid) (x) \(fields.joined(separator: " "))\n", to: "node/proc/\(pid)/stat")
        try directory.write("0::/system.slice/\(unit)\n", to: "node/proc/\(pid)/cgroup")
    }

    /// - Parameter units: who runs its units.
    func effects(
        server: @escaping @Sendable () -> (any APIServer)? = { nil },
        _ units: @escaping @Sendable (any NodeTransport) -> any UnitManager
    ) -> Effects {
        var effects = Effects(
            now: LocalHost.now, progress: { _ in }, systemBus: { throw CancellationError() })
        effects.link = { [root] _ in
            let node = LocalTransport(root: NodeRoot(prefix: root))
            guard let server = server() else { return NodeLink(node: node, units: units(node), tunnel: nil) }
            return NodeLink(node: node, units: units(node), tunnel: nil) { _, _ in server }
        }
        return effects
    }

    // MARK: - A unit

    static let unit = "kube-apiserver.service"

    /// Writes a unit and starts it: a systemd, and a kube-apiserver that answers while it runs.
    /// - Parameters:
    ///   - text: of the unit.
    ///   - environment: what /etc/api.env holds.
    ///   - running: the flags of the process; nil for those of the unit.
    func start(_ text: String, environment: String? = nil, running: [String]? = nil) throws -> Effects {
        try directory.write(text, to: "node" + UnitPaths.unit(Self.unit))
        if let environment { try directory.write(environment, to: "node/etc/api.env") }
        let systemd = FakeSystemd({ [root] in Self.loaded(root) }) { pid, command in
            try? process(running ?? Array(command.dropFirst()), pid: pid, unit: Self.unit)
        }
        let server = FakeAPIServer(root, systemd)
        return effects(server: { server }) { _ in JournaledUnits(systemd, Journal()) }
    }

    private static func loaded(_ root: String) -> FakeSystemd.Unit {
        func text(_ path: String) -> String? {
            ((try? FileReader.read(root + path)) ?? nil).map { String(decoding: $0, as: UTF8.self) }
        }
        let path = UnitPaths.unit(unit)
        var loaded = FakeSystemd.Unit(command: [], fragment: path)
        let sources = [UnitText(path: path, text: text(path) ?? "")]
        let environment = text("/etc/api.env").map { ["/etc/api.env": $0] } ?? [:]
        if let service = try? EffectiveService(unit: unit, sources: sources, environmentFiles: environment),
            let command = try? service.command(unit: unit)
        {
            loaded.command = service.arguments(of: command)
        }
        return loaded
    }
}
