// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import LocalFiles
import NodeAccess
import PKI
import Planning
import Spec
import StateStore
import Values

/// Keys of the old CA that lie beside its certificate on control planes, as kubeadm and guides by hand leave them.
///
/// Once that CA is replaced, nobody trusts what such a key signs; and kubeadm's commands for certificates and upgrades fail
/// while a key lies there that is not the certificate's.
struct RetiredCAKeys: Sendable {
    let context: RotationContext
    private var run: Run { context.run }

    init(_ context: RotationContext) { self.context = context }

    /// Removes them where they are the old CA's for certain and nothing that runs names them, or puts the new CA's in their
    /// place where the spec wants that; tells of each.
    func remove(_ rotation: RotationGenerations) async throws {
        // Of a CA whose key is not here, there is none to put there.
        let hasSuccessor = run.spec.certificates.ca.replacesKeyOnNodes && rotation.keep.hasKey
        let successor = hasSuccessor ? try run.state.authority(rotation.keep).key : nil
        let retired = try rotation.retire.flatMap { try Certificate.parseBundle(pem: $0.pem, path: $0.id) }
        let kept = try Certificate.parseBundle(pem: rotation.keep.pem, path: rotation.keep.id)
        let moved = try context.ledger.movedFrom()
        let results = await onEachNode(run.nodes) { node in
            try ours(node).compactMap { try see($0, on: node, retired, kept, successor) }
                + elsewhere(node, moved[node.name] ?? []).compactMap { try see($0, on: node, retired) }
        }
        for (node, found) in zip(run.nodes, try ControlPlanes.values(run.nodes, results)) {
            for (path, outcome) in found {
                if [.removed, .replaced].contains(outcome) {
                    try context.ledger.append(
                        outcome == .removed ? "removed-ca-key" : "replaced-ca-key",
                        [("node", node.name), ("file", path)], now: run.effects.now())
                }
                context.say(.proof(.oldKey(node: node.name, path: path, outcome)))
            }
        }
    }

    /// Where a key may lie beside the CA of the spec.
    private func ours(_ node: NodeSpec) -> [String] {
        let (certificates, files) = (run.spec.certificates, run.spec.certificates.files)
        let own = "\(certificates.directory)/\(files.key)"
        return CertificateFileNames.keyPaths(ofCA: "\(certificates.directory)/\(files.ca)")
            .filter { $0.bytes != own.bytes }
    }

    /// Where one may lie beside the CA as the node had it before.
    private func elsewhere(_ node: NodeSpec, _ moved: [String]) -> [String] {
        let ours = ours(node)
        return moved.flatMap(CertificateFileNames.keyPaths(ofCA:)).filter { !ours.containsBytes($0) }
    }

    /// One that the CA was moved away from is never removed: its certificate is still there, for others who may use it.
    private func see(
        _ path: String, on nodeSpec: NodeSpec, _ retired: [Certificate]
    ) throws -> (String, StageNote.OldKey)? {
        let node = try run.link(nodeSpec).node
        guard try node.status(path)?.kind == .regular, let secret = try? node.readSecret(path),
            let key = try? PrivateKey(pem: secret, path: path), Self.isKey(key, of: retired)
        else { return nil }
        return (path, .elsewhere)
    }

    private static func isKey(_ key: PrivateKey, of certificates: [Certificate]) -> Bool {
        certificates.contains { (try? KeyPair.matches(certificate: $0, key: key)) == true }
    }

    /// Whether a command line names the file, in whatever form; a relative path may be that of any folder.
    static func names(_ path: String, _ arguments: [String]) -> Bool {
        let separators = [UInt8(ascii: "="), UInt8(ascii: ","), UInt8(ascii: ":")]
        return arguments.dropFirst().contains { argument in
            argument.utf8.split(whereSeparator: separators.contains).map { String(Substring($0)) }.contains {
                $0.splitPath.name.bytes == path.splitPath.name.bytes
                    && (!$0.isAbsolutePath || $0.plainPath.bytes == path.bytes)
            }
        }
    }

    /// - Returns: nil where there is no such file, or it is the new CA's.
    private func see(
        _ path: String, on nodeSpec: NodeSpec, _ retired: [Certificate], _ kept: [Certificate],
        _ successor: PrivateKey?
    ) throws -> (String, StageNote.OldKey)? {
        let node = try run.link(nodeSpec).node
        guard try node.status(path)?.kind == .regular else { return nil }
        guard let secret = try? node.readSecret(path), let key = try? PrivateKey(pem: secret, path: path)
        else {
            return (path, .unknown)
        }
        if Self.isKey(key, of: kept) { return nil }
        guard Self.isKey(key, of: retired) else { return (path, .unknown) }
        // One CA for everything has its key used by others.
        let users = try node.processes(mentioning: [path.splitPath.name])
            .filter { Self.names(path, $0.arguments) }
        guard users.isEmpty else { return (path, .inUse(by: users[0].arguments[0])) }
        try node.checkLock()
        guard let successor else {
            try node.remove(path)
            return (path, .removed)
        }
        try node.write(path, .secret(successor.pem), mode: 0o600)
        return (path, .replaced)
    }
}
