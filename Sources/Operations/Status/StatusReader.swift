// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Spec
import StateStore
import Values

/// Reads the state directory and every control plane, and compares them with the spec.
package enum StatusReader {
    /// - Throws: where the spec or the state cannot be read; a node that cannot be read is a part of the result.
    package static func read(_ run: Run) async throws -> ClusterStatus {
        try run.controlPlanes.checkReach()
        let inventory = try run.state.inventory()
        let ledger = Ledger(state: run.state)
        let results = await run.controlPlanes.observeEach()
        let now = run.effects.now()
        let observed = results.compactMap { try? $0.1.get() }
        let rotation = try OpenRotation.read(
            run.state, inventory, observed, isOfAll: observed.count == results.count)
        // What the rotation has changed, or will, is its own: `rotation` says where it stands.
        let plan = Planner.plan(
            run.spec, inventory: inventory, nodes: observed, now: now,
            options: .init(stage: rotation == nil ? nil : .asInstalled))
        let nodes = results.map { node, result in
            switch result {
            case .success(let observed): NodeStatus(observed, plan, unit: run.spec.apiServer.unit)
            case .failure(let error): NodeStatus(node, ControlPlanes.located(error, on: node))
            }
        }
        // A change of every node, with what was begun.
        let history = try ledger.newest(ClusterStatus.historyLength + 2 * results.count)
        return ClusterStatus(
            cluster: run.spec.cluster, spec: try SpecLoader.find(run.request.specFile), now: now,
            state: run.state.path, authority: signing(inventory, rotation), rotation: rotation,
            history: history.suffix(ClusterStatus.historyLength), lastChange: LastChange(history),
            schedule: schedule(run),
            notices: notices(
                run, plan, rotation,
                // The plan of an open rotation does not look for it.
                older: rotation == nil ? nil : try run.olderState(observed, inventory)), nodes: nodes)
    }

    /// Going back, the new CA signs nothing more.
    private static func signing(_ inventory: StateInventory, _ rotation: OpenRotation?) -> CertificateSummary?
    {
        guard let terms = rotation?.terms, terms.direction == .back else {
            return inventory.current?.certificate
        }
        return inventory.generation(terms.keep)?.certificate
    }

    /// The timer is this machine's; where systemd does not run here, there is none to be asked.
    private static func schedule(_ run: Run) -> ScheduleStatus? {
        guard run.request.root == nil else { return nil }
        return try? Schedule(cluster: run.spec.cluster, effects: run.effects).status()
    }

    private static func notices(
        _ run: Run, _ plan: Plan, _ rotation: OpenRotation?, older: Refusal?
    ) -> [Notice] {
        let problems = [older, rotation?.problem].compactMap(\.self)
        let refusals = (problems + plan.refusals.filter { $0.node == nil }).map { refusal in
            Notice(
                code: refusal.code, node: nil,
                message: (refusal.node.map { "\($0): " } ?? "") + refusal.message, hint: refusal.hint)
        }
        let kubeconfig = run.kubeconfigNotice().map { [$0] } ?? []
        return run.notices + kubeconfig + refusals + plan.notices.filter { $0.node == nil }
    }
}
