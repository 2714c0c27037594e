// SPDX-License-Identifier: Apache-2.0

import Glibc
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

    init(_ name: String, in directory: TemporaryDirectory, _ setup: FakeSetup = .bare) throws {
        let fragment = UnitPaths.unit(FakeFleet.unit)
        let ca = try FakeAPIServer.clientAuthority.get().certificate.pem
        let files = setup.files.merging(["kubernetes.pem": ca, "ca.pem": ca]) { $1 }
        for (file, pem) in files {
            let path = "\(name)/etc/kubernetes/ssl/\(file)"
            try directory.write(String(decoding: pem, as: UTF8.self), to: path)
            if file.hasSuffix("-key.pem") { chmod(directory.file(path), 0o600) }
        }
        try directory.write(Self.unit(setup.flags), to: "\(name)\(fragment)")
        let root = directory.file(name)
        let parsed = Parsed()
        let processes = Processes(name, in: directory)
        let systemd = FakeSystemd(
            { parsed.unit(in: root) }, started: processes.start, comesUp: { Self.comesUp($0, in: root) })
        (self.name, self.root, self.systemd) = (name, root, systemd)
        server = FakeAPIServer(root, systemd, watchesFiles: setup.watchesFiles)
    }

    /// As kube-apiserver: not where a file that it names is missing, or a key is another certificate's.
    private static func comesUp(_ command: [String], in root: String) -> Bool {
        let flags = EffectiveFlags.parse(commandLine: command)
        func read(_ flag: String) -> [UInt8]? {
            flags.string(flag).flatMap { try? FileReader.read(root + $0) } ?? nil
        }
        let names = ["requestheader-client-ca-file", "proxy-client-cert-file", "proxy-client-key-file"]
        guard names.allSatisfy({ flags.string($0) == nil || read($0) != nil }) else { return false }
        guard let pem = read("proxy-client-cert-file"), let path = flags.string("proxy-client-key-file"),
            let key = try? FileReader.readSecret(root + path)
        else { return flags.string("proxy-client-cert-file") == nil }
        guard let certificate = try? Certificate.parseBundle(pem: pem, path: path).first else { return false }
        return (try? KeyPair.matches(certificate: certificate, key: PrivateKey(pem: key, path: path))) == true
    }

    /// Short, since it is read again and again.
    private static func unit(_ flags: [String]) -> String {
        let own = [
            "--client-ca-file=/etc/kubernetes/ssl/ca.pem",
            "--tls-cert-file=/etc/kubernetes/ssl/kubernetes.pem",
        ]
        return "[Service]\nExecStart=/usr/local/bin/kube-apiserver \((own + flags).joined(separator: " "))\n"
    }

    /// What `/proc` shows of its kube-apiserver: one process, which the next one replaces.
    private final class Processes: Sendable {
        private let directory: TemporaryDirectory
        private let name: String
        private let last = Mutex<String?>(nil)

        init(_ name: String, in directory: TemporaryDirectory) {
            (self.name, self.directory) = (name, directory)
        }

        @Sendable func start(_ pid: Int32, _ command: [String]) {
            let now = "\(name)/proc/\(pid)"
            let files = ["cmdline": command.joined(separator: "\0") + "\0", "comm": "kube-apiserver\n"]
            let before = last.withLock { last in
                defer { last = now }
                return last
            }
            for (file, text) in files {
                _ = try? directory.write(text, to: "\(now)/\(file)")
                if let before { unlink(directory.file("\(before)/\(file)")) }
            }
            if let before { rmdir(directory.file(before)) }
        }
    }

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
