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
        let rotation = try ledger.openRotation()
        let results = await run.controlPlanes.observeEach()
        let now = run.effects.now()
        let observed = results.compactMap { try? $0.1.get() }
        let plan = Planner.plan(run.spec, inventory: inventory, nodes: observed, now: now, options: .init())
        let nodes = results.map { node, result in
            switch result {
            case .success(let observed): NodeStatus(observed, plan, unit: run.spec.apiServer.unit)
            case .failure(let error): NodeStatus(node, ControlPlanes.located(error, on: node))
            }
        }
        return ClusterStatus(
            cluster: run.spec.cluster, spec: try SpecLoader.find(run.request.specFile), now: now,
            state: run.state.path, authority: inventory.current?.certificate, rotation: rotation,
            stage: observed.count == results.count ? stage(rotation, inventory, observed) : nil,
            history: try ledger.newest(ClusterStatus.historyLength), schedule: schedule(run),
            notices: notices(run, plan), nodes: nodes)
    }

    /// Where the control planes stand between the CA that is to stay and those that are to go.
    private static func stage(
        _ terms: RotationTerms?, _ inventory: StateInventory, _ observed: [ObservedNode]
    ) -> RotationStage? {
        guard let terms, let keep = inventory.generation(terms.keep) else { return nil }
        let retire = terms.retire.compactMap(inventory.generation)
        return try? RotationPosition.stage(
            observed.map { RotationPosition.Node($0, keep: keep, retire: retire) },
            mayTrustRetired: !terms.cause.isCompromise)
    }

    /// The timer is this machine's; where systemd does not run here, there is none to be asked.
    private static func schedule(_ run: Run) -> ScheduleStatus? {
        guard run.request.root == nil else { return nil }
        return try? Schedule(cluster: run.spec.cluster, effects: run.effects).status()
    }

    private static func notices(_ run: Run, _ plan: Plan) -> [Notice] {
        let refusals = plan.refusals.filter { $0.node == nil }.map {
            Notice(code: $0.code, node: nil, message: $0.message, hint: $0.hint)
        }
        return run.notices + refusals + plan.notices.filter { $0.node == nil }
    }
}
