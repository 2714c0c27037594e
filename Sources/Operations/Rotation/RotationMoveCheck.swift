// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import PKI
import Planning
import Spec
import SystemdUnits
import Values

/// What must hold before files are moved, while nothing has changed yet: after the move each kube-apiserver starts with
/// what is at the paths of the spec, and everybody is asked to believe it.
struct RotationMoveCheck: Sendable {
    /// With every name allowed that will be allowed.
    let context: RotationContext
    private var run: Run { context.run }

    init(_ context: RotationContext) { self.context = context }

    /// - Parameter nodes: those of `observed` whose files are moved.
    func refuse(_ nodes: [ObservedNode], _ observed: [ObservedNode]) throws {
        for node in observed { try checkName(node) }
        for node in nodes {
            try checkPair(node)
            try checkTargets(node)
        }
    }

    // MARK: - The pair in use

    /// Where any name was allowed, one that a list cannot hold was believed too.
    private func checkName(_ node: ObservedNode) throws {
        guard let leaf = node.pairInUse?.leaf ?? node.installedLeaf else { return }
        let name = leaf.commonName ?? ""
        guard !run.spec.requestHeader.allowedNames.containsBytes(name) else { return }
        throw context.refusal(
            "rotation/other-name", node,
            name.isEmpty
                ? "its proxy client certificate has no common name, so no list of allowed names can have it"
                : "its proxy client certificate has the name \(name), which no list of allowed names can hold",
            "give it a certificate with another common name first; nothing was changed")
    }

    /// A kube-apiserver does not start with a pair that is not there, or is none.
    private func checkPair(_ node: ObservedNode) throws {
        try checkFlags(node)
        let (certificate, key) =
            node.pairInUse.map { ($0.certificate, $0.key) } ?? (node.certificate, node.key)
        if node.pairInUse == nil, node.unit?.live?.runningArguments == nil, certificate.kind == .absent {
            throw noPair(
                node, "its kube-apiserver does not run, and \(certificate.path) is not there yet",
                "start it with the flags that it has (systemctl start \(run.spec.apiServer.unit)), then run it again"
            )
        }
        for file in [certificate, key] where file.kind != .regular {
            throw noPair(
                node,
                "\(file.path), which its kube-apiserver names, is "
                    + (file.kind == .absent ? "not there" : "a link or no plain file"),
                "put the file itself there: kube-apiserver would not start with a copy of less")
        }
        guard let nodeSpec = run.nodes.first(where: { $0.name == node.name }) else { return }
        let transport = try run.link(nodeSpec).node
        guard let pem = try transport.read(certificate.path),
            let leaf = try run.reader.bundle(pem: pem, path: certificate.path).first,
            let secret = try transport.readSecret(key.path),
            try KeyPair.matches(certificate: leaf, key: PrivateKey(pem: secret, path: key.path))
        else {
            throw noPair(
                node, "the key \(key.path) does not belong to \(certificate.path)",
                "its kube-apiserver still has the pair from before in memory, and would not start again: put the right key there"
            )
        }
    }

    private func checkFlags(_ node: ObservedNode) throws {
        guard let running = node.unit?.live?.runningArguments else { return }
        let flags = EffectiveFlags.parse(commandLine: running)
        let named = ["proxy-client-cert-file", "proxy-client-key-file"].map { flags.string($0) ?? "" }
        guard named.allSatisfy({ !$0.isEmpty }) else {
            throw noPair(
                node, "its kube-apiserver names no proxy client certificate and key",
                "add --proxy-client-cert-file and --proxy-client-key-file with a pair of its requestheader CA first"
            )
        }
        let own = [node.certificate.path, node.key.path]
        guard
            node.pairInUse != nil || named.allSatisfy({ !$0.isAbsolutePath })
                || named.map(\.plainPath).bytes == own.bytes
        else {
            throw noPair(
                node, "\(named[0]), which its kube-apiserver names, cannot be read as a certificate alone",
                "put the certificate there without its key; a copy of it is needed")
        }
    }

    private func noPair(_ node: ObservedNode, _ why: Message, _ hint: Message) -> BootstrapError {
        context.refusal("rotation/no-pair", node, why, hint)
    }

    // MARK: - The paths of the spec

    /// What is there already may be another program's.
    private func checkTargets(_ node: ObservedNode) throws {
        guard node.transaction == nil else { return }
        let pair = node.pairInUse
        let files = [
            (node.ca, node.caPathInUse),
            (node.certificate, pair.map(\.certificate.path) ?? node.certificate.path),
            (node.key, pair.map(\.key.path) ?? node.key.path),
        ]
        for (file, used) in files where file.kind != .absent && file.path.bytes != used?.bytes {
            throw context.refusal(
                "rotation/target-exists", node,
                "\(file.path) is there already and is not what its kube-apiserver uses: it would be overwritten",
                "move it away if nothing uses it, or change certificates.files in the spec; nothing was changed"
            )
        }
    }
}
