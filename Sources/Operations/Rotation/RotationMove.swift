// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import PKI
import Planning
import Spec
import StateStore
import SystemdUnits
import Values

/// Leads control planes whose requestheader CA, certificate or key lies elsewhere than the spec says, or whose allowed
/// names are others, to where a rotation can begin: with the CA and the pair that they have.
///
/// That is how a cluster gets out of a CA that it shares with clients: the shared CA's certificate goes into a file of its
/// own, where the rotation drops it; the client CA's file is only read.
struct RotationMove: Sendable {
    let context: RotationContext
    private var run: Run { context.run }

    init(_ context: RotationContext) { self.context = context }

    // MARK: - Names

    /// The rotation with every name allowed that the control planes allow or present now, beside the spec's: an
    /// aggregator is believed under each of them until the last has its new certificate.
    func widened(_ observed: [ObservedNode]) -> RotationContext {
        guard !run.spec.apiServer.isExternal else { return context }
        let own = run.spec.requestHeader.allowedNames
        let added = Self.names(observed).filter { !own.containsBytes($0) }
        return added.isEmpty ? context : RotationContext(run.allowing(own + added), context.options)
    }

    private static func names(_ observed: [ObservedNode]) -> [String] {
        var names: [String] = []
        for node in observed {
            let running = EffectiveFlags.parse(commandLine: node.unit?.live?.runningArguments ?? [])
            let leaves = [node.pairInUse?.leaf.commonName ?? node.installedLeaf?.commonName].compactMap { $0 }
            for name in (running.list("requestheader-allowed-names") ?? []) + leaves
            where SpecFormat.allowedName.accepts(name) && !names.containsBytes(name) {
                names.append(name)
            }
        }
        return names
    }

    /// Allows the spec's names alone, once the rotation is over and nobody presents another one. A run that is killed here
    /// leaves it to the next `init`.
    func narrow(_ lock: StateLock, _ course: inout RotationCourse) async throws {
        var run = run
        // Certificates are new: what is left are names.
        run.request.options.renewal = .never
        do { try await StageChange(context).apply(in: run, nil, lock, &course) } catch {
            throw BootstrapError(extending: error) {
                "\($0); the CA is replaced, and only names are left to be dropped: run aggbootstrap init for that"
            }
        }
    }

    // MARK: - Files

    /// Control planes that have not got their files where the spec wants them.
    func needed(_ observed: [ObservedNode]) throws -> [ObservedNode] {
        // Of one that is open, what is half done is the rotation's own.
        guard !run.spec.apiServer.isExternal, try context.open() == nil else { return [] }
        return try observed.filter { node in
            // A move that was killed; what init began is init's to end.
            if try node.transaction?.cause == .spec && isForeign(node) { return true }
            guard let path = node.caPathInUse else { return false }
            return path.bytes != node.ca.path.bytes || node.pairInUse != nil
        }
    }

    /// Those of the run that have their files where the spec wants them.
    func staying(_ moving: [ObservedNode]) -> [NodeSpec] {
        run.nodes.filter { node in !moving.contains { $0.name == node.name } }
    }

    /// Whether its CA was made elsewhere.
    func isForeign(_ node: ObservedNode) throws -> Bool {
        let issued = Set(try run.state.issuedAuthorities().map(\.fingerprintSHA256))
        let held = node.requestHeaderCAs.flatMap(\.certificates)
        return !held.isEmpty && !held.contains { issued.contains($0.fingerprintSHA256) }
    }

    /// Where the CA lies that its kube-apiserver uses, or would use if it ran: a move may have been killed in its restart.
    private static func caFile(_ node: ObservedNode) -> String? {
        node.caPathInUse ?? (node.transaction == nil ? nil : node.requestHeaderCAs.first?.path)
    }

    /// Where their certificates lie now.
    func paths(_ nodes: [ObservedNode]) -> [String] {
        let used = nodes.compactMap(\.caPathInUse) + nodes.compactMap { $0.pairInUse?.certificate.path }
        return Set(used).sorted()
    }

    /// Moves them, one after the other with the gates of `init`.
    func move(
        _ nodes: [ObservedNode], _ observed: [ObservedNode], _ lock: StateLock, _ course: inout RotationCourse
    ) async throws {
        context.say(.preflight(.moves(from: paths(nodes))))
        try RotationMoveCheck(context).refuse(nodes, observed)
        let trusted = try trusted(observed)
        _ = try run.nextExternalCA(
            try run.state.inventory(), trusted: Set(trusted.map(\.summary.fingerprintSHA256)))
        let bundle = try registered(trusted)
        for node in nodes {
            guard let path = Self.caFile(node), path.bytes != node.ca.path.bytes else { continue }
            try context.ledger.appendMove(of: node.name, from: path, now: run.effects.now())
        }
        let change = StageChange(context)
        try await change.apply(
            in: change.staged(CertificateStage(bundle: bundle, leaves: .moved)), nil, lock, &course)
    }

    /// The CAs that every control plane trusts now.
    private func trusted(_ observed: [ObservedNode]) throws -> [Certificate] {
        var trusted: [Certificate]?
        for node in observed {
            guard let path = Self.caFile(node),
                let nodeSpec = run.nodes.first(where: { $0.name == node.name }),
                let pem = try run.link(nodeSpec).node.read(path)
            else {
                throw context.refusal(
                    "rotation/no-aggregation", node,
                    "it has no requestheader CA yet", RotationPreflight.withoutIt)
            }
            let own = try run.reader.bundle(pem: pem, path: path)
            if let known = trusted, Set(Self.fingerprints(known)) != Set(Self.fingerprints(own)) {
                throw context.refusal(
                    "rotation/divergence", node, "it trusts other CAs than \(observed[0].name)",
                    "make them equal first: aggbootstrap plan shows what they have")
            }
            trusted = trusted ?? own
        }
        return trusted ?? []
    }

    private static func fingerprints(_ certificates: [Certificate]) -> [String] {
        certificates.map(\.summary.fingerprintSHA256)
    }

    /// The same, taken into the state directory without their keys.
    private func registered(_ certificates: [Certificate]) throws -> [CAGeneration] {
        try RotationBegin(context).register(certificates)
        let inventory = try run.state.inventory()
        return Self.fingerprints(certificates).compactMap { fingerprint in
            inventory.generations.first { $0.certificate.fingerprintSHA256 == fingerprint }
        }
    }
}

extension Run {
    /// The same run with other allowed names.
    func allowing(_ names: [String]) -> Run {
        var run = self
        run.controlPlanes = controlPlanes.allowing(names)
        return run
    }
}
