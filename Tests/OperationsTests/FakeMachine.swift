// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TestSupport

@testable import ControlPlane
@testable import LocalFiles
@testable import NodeAccess
@testable import PKI
@testable import Planning
@testable import Spec
@testable import SystemdUnits

/// One control plane of a `FakeFleet`.
struct FakeMachine: Sendable {
    let name: String
    let root: String
    let systemd: FakeSystemd
    let server: FakeAPIServer
    let lock = JournaledNode.Lock()

    init(_ name: String, in directory: TemporaryDirectory) throws {
        let fragment = UnitPaths.unit(FakeFleet.unit)
        let pem = String(decoding: try FakeAPIServer.clientCA.get().pem, as: UTF8.self)
        for file in ["kubernetes.pem", "ca.pem"] {
            try directory.write(pem, to: "\(name)/etc/kubernetes/ssl/\(file)")
        }
        try directory.write(Self.unit, to: "\(name)\(fragment)")
        let root = directory.file(name)
        let parsed = Parsed()
        let systemd = FakeSystemd({ parsed.unit(in: root) }) { pid, command in
            let bytes = command.joined(separator: "\0") + "\0"
            _ = try? directory.write(bytes, to: "\(name)/proc/\(pid)/cmdline")
            _ = try? directory.write("kube-apiserver\n", to: "\(name)/proc/\(pid)/comm")
        }
        (self.name, self.root, self.systemd) = (name, root, systemd)
        server = FakeAPIServer(root, systemd)
    }

    /// Short, since it is read again and again.
    private static let unit = """
        [Service]
        ExecStart=/usr/local/bin/kube-apiserver --client-ca-file=/etc/kubernetes/ssl/ca.pem \\
          --tls-cert-file=/etc/kubernetes/ssl/kubernetes.pem

        """

    /// The unit as its files say it, read again where they have changed.
    private final class Parsed: Sendable {
        private let known = Mutex<(sources: [UnitText], unit: FakeSystemd.Unit)?>(nil)

        func unit(in root: String) -> FakeSystemd.Unit {
            let sources = FakeMachine.sources(in: root)
            return known.withLock { known in
                if let known, known.sources == sources { return known.unit }
                let unit = FakeMachine.unit(of: sources)
                known = (sources, unit)
                return unit
            }
        }
    }

    private static func sources(in root: String) -> [UnitText] {
        let (fragment, dropIn) = (UnitPaths.unit(FakeFleet.unit), UnitPaths.dropIn(of: FakeFleet.unit))
        return [fragment, dropIn].compactMap { path in
            ((try? FileReader.read(root + path)) ?? nil).map {
                UnitText(path: path, text: String(decoding: $0, as: UTF8.self))
            }
        }
    }

    private static func unit(of sources: [UnitText]) -> FakeSystemd.Unit {
        var loaded = FakeSystemd.Unit(command: [], fragment: sources.first?.path)
        loaded.dropIns = sources.dropFirst().map(\.path)
        if let service = try? EffectiveService(unit: FakeFleet.unit, sources: sources),
            let command = try? service.command(unit: FakeFleet.unit)
        {
            loaded.command = service.arguments(of: command)
        }
        return loaded
    }

    /// Whether its kube-apiserver runs and is ready.
    var serves: Bool { systemd.running != nil && server.condition == .ready }

    /// Whether its kube-apiserver runs with the flags.
    var isNew: Bool {
        systemd.running?.contains { $0.hasPrefix("--requestheader-client-ca-file=") } == true
    }

    /// The files that a change writes, with what they hold; nil for one that is not there.
    var files: [String: [UInt8]?] {
        var files: [String: [UInt8]?] = [:]
        for name in ["aggregator-ca.pem", "aggregator.pem", "aggregator-key.pem"] {
            files[name] = .some(read("/etc/kubernetes/ssl/\(name)"))
        }
        files["drop-in"] = .some(read(UnitPaths.dropIn(of: FakeFleet.unit)))
        return files
    }

    /// What a file of its certificates holds.
    func file(_ name: String) -> [UInt8]? { read("/etc/kubernetes/ssl/\(name)") }

    private func read(_ path: String) -> [UInt8]? { (try? FileReader.read(root + path)) ?? nil }

    /// Whether its key is its certificate's, or it has neither.
    var hasWholePair: Bool {
        let key = (try? FileReader.readSecret("\(root)/etc/kubernetes/ssl/aggregator-key.pem")) ?? nil
        guard let key, let pem = file("aggregator.pem") else {
            return key == nil && file("aggregator.pem") == nil
        }
        guard let certificate = try? Certificate.parseBundle(pem: pem, path: name).first else { return false }
        return (try? KeyPair.matches(certificate: certificate, key: key)) == true
    }

    /// Whether a change of it is begun and not finished.
    var isOpen: Bool {
        get throws {
            try NodeTransaction.open(unit: FakeFleet.unit, on: LocalTransport(root: NodeRoot(prefix: root)))
                != nil
        }
    }
}
