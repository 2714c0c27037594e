// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import Planning
import Spec
import SystemdUnits
import Values

/// What must hold of the control planes before a rotation begins or goes on.
struct RotationPreflight: Sendable {
    let context: RotationContext
    private var run: Run { context.run }

    init(_ context: RotationContext) { self.context = context }

    /// Control planes that the layer is not on yet, where `init` could not bring them in: a CA whose key was not kept
    /// cannot sign for them. The next one does, and `init` has what it needs.
    func newNodes() async throws -> [String] {
        guard !run.spec.certificates.ca.keepsKey else { return [] }
        let observed = try await run.controlPlanes.observe()
        let new = observed.filter { node in
            // One whose files were lost still presents a proxy client.
            let running = node.unit?.live?.runningArguments ?? []
            let flags = EffectiveFlags.parse(commandLine: running)
            return node.ca.kind == .absent && node.requestHeaderCAs.isEmpty
                && flags.string("requestheader-client-ca-file") == nil
        }.map(\.name)
        guard !new.isEmpty, new.count < observed.count else { return [] }
        context.say(.preflight(.skipped(nodes: new)))
        return new
    }

    /// Where `init` cannot bring a control plane in before the CA is replaced.
    static let withoutIt: Message =
        "remove it from the spec until this is done (if it serves this cluster: --accept-unlisted ADDRESS), then add it and run "
        + "init"

    /// - Throws: where a control plane does not serve, or is not as the others are.
    func check(_ observed: [ObservedNode]) throws {
        for node in observed {
            if case .unhealthy(let why) = node.health {
                throw context.refusal("rotation/unhealthy", node, "it is not ready: \(why)")
            }
            if node.transaction != nil {
                throw context.refusal(
                    "rotation/interrupted", node, "a change there was interrupted", "run init first")
            }
            let unit = run.spec.apiServer.unit
            guard node.ca.kind != .absent || !node.requestHeaderCAs.isEmpty, !node.hasUnusedCA(unit: unit)
            else {
                // A file that nobody uses is no CA to be replaced.
                let used = observed.filter { !$0.hasUnusedCA(unit: unit) }
                throw context.refusal(
                    "rotation/no-aggregation", node, "it has no requestheader CA yet",
                    try context.open() == nil && !used.contains(where: RotationMove(context).isForeign)
                        ? "run init first" : Self.withoutIt)
            }
            let paths = Set(node.requestHeaderCAs.map(\.path))
            guard paths == [node.ca.path], node.installedLeaf != nil else {
                throw context.refusal(
                    "rotation/other-paths", node,
                    "its certificate files are not where the spec says: "
                        + "\(list: paths.sorted()), expected \(node.ca.path)",
                    "set certificates.directory and certificates.files to the paths in use")
            }
            if let problem = node.requestHeaderCAs.compactMap(\.problem).first {
                throw context.refusal(
                    "rotation/unreadable", node, "\(node.ca.path) cannot be read: \(problem)")
            }
            let name = node.installedLeaf?.commonName ?? ""
            guard run.spec.requestHeader.allowedNames.containsBytes(name) else {
                throw context.refusal(
                    "rotation/other-name", node,
                    "its proxy client certificate has the name \(name), which is not in requestHeader.allowedNames of the spec",
                    "add that name to the spec until the rotation is finished: it would be refused otherwise")
            }
        }
    }

    /// What another copy of the state has done since, this one cannot go on from.
    func refuseOlderState(_ observed: [ObservedNode], _ inventory: StateInventory) throws {
        try run.refuseOlderState(observed, inventory)
    }

    /// An API server that is not in the spec keeps the old CA and presents its proxy client: its aggregated requests fail
    /// once everybody else has dropped that CA.
    func refuseUnlisted(_ gates: RotationGates, _ observed: [ObservedNode]) async throws {
        let accepted = Set(context.options.acceptsUnlisted.map(MachineAddresses.canonical))
        let unlisted = try await gates.unlisted(observed).filter { !accepted.contains($0) }
        guard let first = unlisted.first else { return }
        throw BootstrapError(
            "rotation/unlisted",
            "an API server at \(list: unlisted) serves this cluster and is not in the spec: it would "
                + "keep the old CA, and its aggregated requests would fail once that is dropped",
            hint: "add it to the spec; or, if you accept that, --accept-unlisted \(first)")
    }

    /// The CAs that all control planes trust, by fingerprint.
    func sharedBundle(_ observed: [ObservedNode]) throws -> Set<String> {
        let bundles = observed.map {
            Set($0.requestHeaderCAs.flatMap(\.certificates).map(\.fingerprintSHA256))
        }
        if let other = zip(observed, bundles).first(where: { $0.1 != bundles[0] })?.0 {
            throw context.refusal(
                "rotation/divergence", other, "it trusts other CAs than \(observed[0].name)",
                "make them equal first: aggbootstrap plan shows what they have")
        }
        return bundles[0]
    }

    /// - Throws: `rotation/interrupted` where it is another command's to end.
    func refuseRollback(_ open: [ObservedNode]) throws {
        if let other = open.first(where: { $0.transaction != nil && $0.transaction?.cause != .spec }) {
            throw context.refusal(
                "rotation/interrupted", other, "a rollback there was interrupted", "run rollback first")
        }
    }
}
