// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import Planning
import Proofs
import Spec
import StateStore
import Values

/// Takes the aggregation layer away: what is wanted of the nodes is nothing of ours.
struct Uninstall: ChangePlanner {
    let options: UninstallOptions

    func prepare(_ run: Run) async throws -> Preparation {
        try Self.refuseExternal(run)
        try run.state.checkExists()
        let inventory = try run.readState()
        let observed = try await run.observeForPlan()
        var result = UninstallPlan.make(
            run.spec, inventory: inventory, nodes: observed, options: run.request.options)
        if !result.plan.isEmpty { await judgeAPIs(run, &result.plan) }
        if options.removesState { result.plan.notices.append(Self.stateNotice(run)) }
        let peers = try await run.complete(&result.plan, inventory, observed)
        return Preparation(
            inventory: inventory, observed: observed, plan: result.plan, peers: peers,
            removal: result.targets)
    }

    /// Ends a roll-back that was not brought to the end.
    func begun(_ preparation: Preparation, in run: Run) throws {
        if try RollbackRecord.read(run.state) != nil { try RollbackRecord.remove(run.state) }
    }

    func prove(_ preparation: Preparation, in run: Run) async throws -> [NodeProofs] {
        try await run.controlPlanes.proveRollback(to: preparation.removal ?? [])
    }

    /// Copies of keys that nodes keep go when all of them are done, and the state at the very end.
    func ended(_ preparation: Preparation, _ outcome: ApplyOutcome, in run: Run) async throws {
        guard outcome.failure == nil else { return }
        let locks = try await run.controlPlanes.lock(run.nodes.map(\.name))
        defer { for lock in locks { lock.release() } }
        let unit = run.spec.apiServer.unit
        let results = await onEachNode(run.nodes) { node in
            try NodeTransaction.forget(unit: unit, on: run.link(node).node)
        }
        for (node, result) in zip(run.nodes, results) {
            if case .failure(let error) = result { throw ControlPlanes.located(error, on: node) }
        }
        if outcome.hasChanged {
            let names = run.nodes.map(\.name).joined(separator: " ")
            try Ledger(state: run.state).append("uninstalled", [("nodes", names)], now: run.effects.now())
        }
        if options.removesState { try run.state.destroy() }
    }

    // MARK: - What stops it

    /// Flags that somebody else's manager writes are not ours to take away, and without that, files that they name must stay.
    private static func refuseExternal(_ run: Run) throws {
        guard run.spec.apiServer.isExternal else { return }
        let files = run.spec.certificates.files
        let names = [files.ca, files.certificate, files.key].joined(separator: ", ")
        throw BootstrapError(
            "uninstall/external", status: .usage,
            "apiServer.managedBy is \"external\": something else starts kube-apiserver with the flags of the aggregation layer",
            hint:
                "on one control plane after the other, remove the --requestheader-* and --proxy-client-* flags where they are "
                + "set, wait until it is ready, then remove \(names) in \(run.spec.certificates.directory) and "
                + NodeTransaction.store(unit: run.spec.apiServer.unit))
    }

    /// APIs behind an aggregator that presents nothing are refused by their servers, and clients that list APIs wait for them.
    private func judgeAPIs(_ run: Run, _ plan: inout Plan) async {
        let backends: [ExtensionServers.Backend]
        do {
            guard let kubectl = try await Kubectl.find(run.controlPlanes) else {
                throw BootstrapError("uninstall/apis-unknown", "there is no kubeconfig to ask with")
            }
            backends = try await ExtensionServers(controlPlanes: run.controlPlanes, kubectl: kubectl)
                .backends()
        } catch {
            plan.notices.append(
                Notice(
                    code: "uninstall/apis-unknown", node: nil,
                    message: "it is not known which aggregated APIs stop working: \(error)"))
            return
        }
        guard !backends.isEmpty else { return }
        let names = backends.map(\.name).joined(separator: ", ")
        let message: Message = "aggregated APIs stop working: \(names)"
        if options.acceptsLostAPIs {
            plan.notices.append(Notice(code: "uninstall/apis-in-use", node: nil, message: message))
        } else {
            plan.refusals.append(
                Refusal(
                    code: "uninstall/apis-in-use", node: nil, message: message,
                    hint:
                        "remove what serves them first, and their APIServices (kubectl delete apiservice NAME); or, if you "
                        + "accept that they fail, --accept-lost-apis"))
        }
    }

    private static func stateNotice(_ run: Run) -> Notice {
        Notice(
            code: "uninstall/removes-state", node: nil,
            message: "at the end, the state directory \(run.state.path) is destroyed, with the CA's key")
    }
}

/// What the operator has allowed when the layer is taken away.
package struct UninstallOptions: Sendable {
    /// Go on although aggregated APIs stop working.
    package var acceptsLostAPIs = false
    /// Destroy the state directory at the end.
    package var removesState = false

    package init(acceptsLostAPIs: Bool = false, removesState: Bool = false) {
        (self.acceptsLostAPIs, self.removesState) = (acceptsLostAPIs, removesState)
    }
}

extension Change {
    /// Nothing of the aggregation layer on any node of the run.
    package static func away(_ run: Run, _ options: UninstallOptions) -> Change {
        Change(run, by: Uninstall(options: options))
    }
}
