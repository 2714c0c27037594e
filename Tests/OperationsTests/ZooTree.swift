// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Operations
@testable import Planning
@testable import Spec
@testable import Values

/// A control plane's tree that this program has made, and that a test then spoils.
struct ZooTree {
    let directory: TemporaryDirectory
    let root: String
    static let ssl = "/etc/kubernetes/ssl"
    static let dropIn = "/etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf"
    static let unit = "/etc/systemd/system/kube-apiserver.service"
    static let ca = "\(ssl)/aggregator-ca.pem"
    static let certificate = "\(ssl)/aggregator.pem"
    static let key = "\(ssl)/aggregator-key.pem"
    static let caKey = "\(ssl)/aggregator-ca.key"

    /// A copy of the clean tree.
    init() async throws {
        let clean = try await Zoo.shared.value
        directory = try TemporaryDirectory()
        root = directory.file("cp1")
        try Zoo.shell("cp -a \(clean.directory.file("out/cp1")) \(root)", in: directory.path)
    }

    func read(_ path: String) throws -> String {
        try String(contentsOfFile: root + path, encoding: .utf8)
    }

    /// Keeps the mode of a file that is there.
    func write(_ text: String, _ path: String) throws {
        let url = URL(fileURLWithPath: root + path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755])
        let mode = try? FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions]
        try Data(text.utf8).write(to: url)
        try chmod(path, (mode as? Int) ?? 0o644)
    }

    func chmod(_ path: String, _ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: root + path)
    }

    /// Replaces `old` in a file, where it must be.
    func edit(_ path: String, _ old: String, _ new: String) throws {
        let text = try read(path)
        try #require(text.contains(old), "\(path) does not have \(old)")
        try write(text.replacing(old, with: new), path)
    }

    /// Changes flags of the command.
    func flag(_ old: String, _ new: String) throws { try edit(Self.dropIn, old, new) }

    /// Takes a flag out, with the continuation before it.
    func without(_ names: String...) throws {
        var text = try read(Self.dropIn)
        for name in names {
            let count = text.count
            text = text.replacing(try Regex(" \\\\\\n  --\(name)=[^ \\n]*"), with: "")
            try #require(text.count < count, "\(name)")
        }
        try write(text, Self.dropIn)
    }

    /// Adds arguments to the end of the command.
    func add(_ arguments: String) throws {
        let text = try read(Self.dropIn)
        try write(text.trimmingCharacters(in: .newlines) + " \\\n  \(arguments)\n", Self.dropIn)
    }

    /// Moves the flags of a command into the variable that a unit may use.
    func wait(_ path: String) throws {
        let flags = try read(path).matches(of: /--(requestheader|proxy-client)[^ \n]*/).map { String($0.0) }
        try write("[Service]\nEnvironment=\"AGGREGATION_FLAGS=\(flags.joined(separator: " "))\"\n", path)
    }

    /// Adds settings to the service.
    func set(_ settings: String) throws { try edit(Self.dropIn, "ExecStart=\n", "\(settings)\nExecStart=\n") }

    /// Installs files of the zoo's certificates: the CA, the certificate and its key.
    func install(ca: String? = nil, certificate: String? = nil, key: String? = nil) async throws {
        let zoo = try await Zoo.shared.value
        for (name, path) in [(ca, Self.ca), (certificate, Self.certificate), (key, Self.key)] {
            if let name { try write(zoo.pem(name), path) }
        }
    }

    /// A pair of the zoo's: `NAME.pem`, `NAME.key`, below the CA `ca`.
    func install(pair: String, ca: String = "ca") async throws {
        try await install(ca: "\(ca).pem", certificate: "\(pair).pem", key: "\(pair).key")
    }

    /// A pair of the CA `ca`, and a key beside that CA's file, as kubeadm has it.
    func install(caKey: String) async throws {
        try await install(pair: "ca-leaf")
        try write(try await Zoo.shared.value.pem(caKey), Self.caKey)
        try chmod(Self.caKey, 0o600)
    }

    func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: root + path) }

    func judge(
        _ paths: [String]? = nil, version: String? = nil, at now: UnixTime = Zoo.now
    ) async throws -> [Finding] {
        try await LintRun.judge(
            LintRequest(
                paths: paths ?? [root], version: version.flatMap { KubernetesVersion($0) },
                warnSeconds: 30 * 86400, now: now, threads: 2)
        ).findings
    }
}
