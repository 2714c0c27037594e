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
            try paths(node, moved[node.name] ?? []).compactMap { path, isOurs in
                try see(path, on: node, retired, kept, isOurs ? successor : nil)
            }
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

    /// - Parameter moved: where the node had the CA before.
    /// - Returns: where a key may lie, and whether that is beside the CA of the spec.
    private func paths(_ node: NodeSpec, _ moved: [String]) -> [(String, isOurs: Bool)] {
        let (certificates, files) = (run.spec.certificates, run.spec.certificates.files)
        let own = "\(certificates.directory)/\(files.key)"
        let ours = CertificateFileNames.keyPaths(ofCA: "\(certificates.directory)/\(files.ca)")
        let others = moved.flatMap(CertificateFileNames.keyPaths(ofCA:)).filter { !ours.containsBytes($0) }
        return (ours.map { ($0, true) } + others.map { ($0, false) }).filter { $0.0.bytes != own.bytes }
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
        func isKey(of certificates: [Certificate]) -> Bool {
            certificates.contains { (try? KeyPair.matches(certificate: $0, key: key)) == true }
        }
        if isKey(of: kept) { return nil }
        guard isKey(of: retired) else { return (path, .unknown) }
        // One CA for everything has its key used by others.
        let users = try node.processes(mentioning: [path]).filter {
            $0.arguments.dropFirst().contains { $0.contains(path) }
        }
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
