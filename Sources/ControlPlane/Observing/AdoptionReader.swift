// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import PKI
import Planning
import Spec
import SystemdUnits
import Values

/// Reads what a spec must say of a running control plane; changes nothing.
struct AdoptionReader {
    let node: any NodeTransport
    let reader: CertificateReader

    /// - Parameter spec: how the node is reached.
    func read(_ spec: NodeSpec) async throws -> AdoptedServer {
        try await checkUser(spec)
        guard let found = try ExternalAPIServer(node).current() else {
            throw BootstrapError(
                "adopt/no-process", "no kube-apiserver runs there",
                hint: (spec.local
                    ? "name the control planes with --ssh USER@HOST, or start it"
                    : "start it, or leave this control plane out")
                    + "; `aggbootstrap spec init` writes a spec for a new cluster")
        }
        var server = AdoptedServer(
            node: spec, service: try await service(found), flags: .parse(commandLine: found.arguments))
        server.node.name = try hostName() ?? spec.name
        server.process = try identity(found)
        let directory = try node.follow("/proc/\(found.pid)/cwd")
        func path(_ flag: String) -> String? {
            guard let path = server.flags.string(flag), !path.isEmpty else { return nil }
            let whole = path.isAbsolutePath ? path : "\(directory)/\(path)"
            return "/" + Self.plain(whole.pathComponents).joined(separator: "/")
        }
        server.caPath = path("requestheader-client-ca-file")
        server.certificatePath = path("proxy-client-cert-file")
        server.keyPath = path("proxy-client-key-file")
        try readCertificates(&server, clientCA: path("client-ca-file"))
        return server
    }

    /// Without `.` and `..`.
    private static func plain(_ names: [String]) -> [String] {
        var plain: [String] = []
        for name in names where name != "." {
            if name == ".." { _ = plain.popLast() } else { plain.append(name) }
        }
        return plain
    }

    private func readCertificates(_ server: inout AdoptedServer, clientCA: String?) throws {
        let chain = try server.certificatePath.flatMap { try certificates($0) } ?? []
        let client = chain.first
        var authorities = try server.caPath.flatMap { try certificates($0) } ?? []
        if let client, let signer = authorities.firstIndex(where: { reader.isSigned(client, by: $0) }) {
            authorities.insert(authorities.remove(at: signer), at: 0)
        } else {
            server.isClientUnsigned = chain.count == 1 && !authorities.isEmpty
        }
        server.client = client.map(Self.adopted)
        server.authorities = authorities.map(Self.adopted)
        server.clientCAKeys =
            try clientCA.flatMap { try certificates($0) }?.map(\.summary.publicKeySHA256) ?? []
        server.keyMode = try server.keyPath.flatMap { try node.status(node.follow($0))?.mode }
        server.caKeys = try server.caPath.map { try caKeys($0, not: server.keyPath) } ?? []
    }

    private static func adopted(_ certificate: Certificate) -> AdoptedServer.Certificate {
        let (names, others) = certificate.subjectNames
        return .init(certificate.summary, pem: certificate.pem, names: names, otherAttributes: others)
    }

    /// - Throws: for a file that is not there or no certificate: what cannot be read cannot be described.
    private func certificates(_ path: String) throws -> [Certificate]? {
        guard let pem = try node.read(path) else {
            throw BootstrapError(
                "adopt/missing-file", "kube-apiserver names the file \(path), which is not there",
                hint: "restore the file, or remove the flag that names it; then run it again")
        }
        return try reader.bundle(pem: pem, path: path)
    }

    private func caKeys(_ ca: String, not key: String?) throws -> [String] {
        try CertificateFileNames.keyPaths(ofCA: ca).filter { path in
            try path.bytes != key?.bytes && node.status(path)?.kind == .regular
        }
    }

    // MARK: - The node

    /// Another user than root sees neither the process's files nor the keys.
    private func checkUser(_ spec: NodeSpec) async throws {
        guard !spec.local, !spec.ssh.sudo else { return }
        let result = try await node.run("id", ["-u"])
        guard result.status == 0, result.stdout.split(whereSeparator: \.isWhitespace).first != "0" else {
            return
        }
        throw BootstrapError(
            "adopt/needs-root", "ssh logs in there as a user who is not root",
            hint: "name the user: with --ssh USER@HOST and another user than root, sudo is used")
    }

    private func hostName() throws -> String? {
        guard let bytes = try node.read("/proc/sys/kernel/hostname") else { return nil }
        let name = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }.lowercased()
        return SpecFormat.nodeName.accepts(name) ? name : nil
    }

    /// Machines that were copied have one id, and containers the boot of their machine: with the process, it is one.
    private func identity(_ found: ExternalAPIServer.Found) throws -> String? {
        guard let boot = try node.read("/proc/sys/kernel/random/boot_id") else { return nil }
        let machine = try node.read("/etc/machine-id") ?? []
        return (boot + machine).map { String($0) }.joined(separator: ".")
            + " \(found.pid) \(found.startTicks)"
    }

    // MARK: - What runs it

    /// The systemd service of a process; nil for a container that something else starts.
    private func service(_ found: ExternalAPIServer.Found) async throws -> String? {
        if let service = Self.service(cgroup: try node.read("/proc/\(found.pid)/cgroup") ?? []) {
            return service
        }
        // A unit that starts a container has it in another group of processes.
        guard found.argumentsFile == nil, try ExternalServerReader.manager(found, on: node) == .unknown else {
            return nil
        }
        let unit = APIServerSpec().unit
        let result = try? await node.run("systemctl", ["is-active", "--quiet", unit])
        return result?.status == 0 ? unit : nil
    }

    /// - Parameter cgroup: `/proc/PID/cgroup` (cgroups(7)).
    static func service(cgroup: [UInt8]) -> String? {
        let lines = String(decoding: cgroup, as: UTF8.self).split(separator: "\n").map {
            $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        }
        let ours = lines.first { $0.count == 3 && $0[1] == "name=systemd" } ?? lines.first { $0.first == "0" }
        guard let parts = ours?.last?.split(separator: "/").map(String.init), let name = parts.last,
            SpecFormat.unitName.accepts(name), parts.first?.hasSuffix(".slice") == true,
            !parts.contains(where: { $0.hasPrefix("kubepods") || $0.hasPrefix("snap.") })
        else { return nil }
        return name
    }
}
