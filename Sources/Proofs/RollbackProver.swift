// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import PKI
import Planning
import Spec
import SystemdUnits
import Values

/// Proves on one node that it has what it was to go back to, and that its API server serves with it.
struct RollbackProver {
    let spec: ClusterSpec
    let nodeSpec: NodeSpec
    let link: NodeLink
    let reader: CertificateReader
    let target: RollbackPlanner.Target
    let observed: ObservedNode
    let now: UnixTime

    /// The proofs of `Prover` that hold whatever the spec says.
    private static let ofThePair: Set = [
        "chain", "lifetime", "key", "allowed-name", "ca-separation", "hook", "ca-loaded", "identity",
        "identity-refused", "watches",
    ]

    func prove() async throws -> NodeProofs {
        var proofs = [try files()]
        if let running = observed.unit?.live?.runningArguments {
            if !spec.apiServer.isExternal { proofs.append(try commandLine(running)) }
            proofs.append(try await ready(running))
        } else {
            let state: Message = observed.unit?.live.map { "\($0.stateText)" } ?? "not known to systemd"
            proofs += ["command-line", "ready"].map {
                Proof($0, .notProven, "\(spec.apiServer.displayName) is \(state)")
            }
        }
        guard let flags = target.flags, flags.has("proxy-client-cert-file") else {
            return NodeProofs(node: nodeSpec.name, proofs: proofs)
        }
        let pair = try await pair(flags)
        return NodeProofs(
            node: nodeSpec.name, proofs: proofs + pair.proofs, certificates: pair.certificates)
    }

    private func files() throws -> Proof {
        let files = NodeFiles(node: link.node, reader: reader)
        let others = try target.entries.filter { entry in
            let file = try files.observe(entry.path, isSecret: true)
            guard let before = entry.before else { return file.kind != .absent }
            return file.sha256 != before.sha256 || file.mode != before.mode || file.userID != before.userID
                || file.groupID != before.groupID
        }
        guard others.isEmpty else {
            return Proof(
                "files", .failed,
                "\(target.isRemoval ? "still there" : "not as before"): \(list: others.map(\.path))"
            )
        }
        let gone = target.entries.count { $0.before == nil }
        if target.isRemoval { return Proof("files", .passed, "\(Message.count(gone, "file")) removed") }
        return Proof(
            "files", .passed,
            "\(Message.count(target.entries.count - gone, "file")) as before, \(Message.count(gone, "file")) that did not exist "
                + "before removed")
    }

    private func commandLine(_ running: [String]) throws -> Proof {
        guard let unit = observed.unit else {
            return Proof("command-line", .notProven, "the unit is not known")
        }
        let service = try EffectiveService(
            unit: spec.apiServer.unit, sources: try UnitSources.current(observed, unit: spec.apiServer.unit),
            environmentFiles: unit.environmentFiles)
        let comparison = try service.command(unit: spec.apiServer.unit).matchesRunning(
            argv: running, environment: service.environment)
        if comparison.isSame {
            return Proof("command-line", .passed, "the running process has exactly the unit's command line")
        }
        let text = comparison.differences.map(\.description).joined(separator: " ")
        return comparison.unseen.contains(where: \.mayHoldArguments)
            ? Proof("command-line", .notProven, "arguments of the unit cannot be seen here: \(text)")
            : Proof(
                "command-line", .failed, "the running process has another command line than the unit: \(text)"
            )
    }

    private func ready(_ running: [String]) async throws -> Proof {
        let flags = EffectiveFlags.parse(commandLine: running)
        let connection = try APIServerConnection(spec: spec, nodeSpec: nodeSpec, flags: flags, link: link)
        return LiveProver.ready(await connection.readiness(), connection)
    }

    /// What the pair of before must show; the flags of before say how it is asked.
    private func pair(_ flags: EffectiveFlags) async throws -> NodeProofs {
        let paths = ["proxy-client-cert-file", "proxy-client-key-file", "requestheader-client-ca-file"]
        guard
            paths.map({ flags.string($0) }) == [
                observed.certificate.path, observed.key.path, observed.ca.path,
            ]
        else {
            let proof = Proof(
                "pair", .notProven,
                "its flags name other files than the spec: run verify with the previous spec")
            return NodeProofs(node: nodeSpec.name, proofs: [proof])
        }
        var spec = spec
        if let names = flags.list("requestheader-allowed-names") { spec.requestHeader.allowedNames = names }
        var proofs = try await Prover(
            spec: spec, nodeSpec: nodeSpec, link: link, reader: reader, observed: observed, now: now
        ).prove()
        proofs.proofs.removeAll { !Self.ofThePair.contains($0.name) }
        return proofs
    }
}

extension ControlPlanes {
    /// Proves on every node that was rolled back that it has what it was to have; changes nothing.
    package func proveRollback(to targets: [RollbackPlanner.Target]) async throws -> [NodeProofs] {
        let now = effects.now()
        let rolled = nodes.filter { node in targets.contains { $0.node == node.name } }
        let results = await onEachNode(rolled) { node -> NodeProofs? in
            guard let target = targets.first(where: { $0.node == node.name }) else { return nil }
            return try await RollbackProver(
                spec: spec, nodeSpec: node, link: try link(node), reader: reader, target: target,
                observed: try await observe(node), now: now
            ).prove()
        }
        return try Self.values(rolled, results).compactMap { $0 }
    }
}
