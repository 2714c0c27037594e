// SPDX-License-Identifier: Apache-2.0

import Values

extension ObservedNode {
    package var health: ControlPlaneHealth {
        guard let live = unit?.live else { return .unhealthy("it does not have the unit") }
        return ControlPlaneHealth(
            activity: live.activity, state: unit?.external == nil ? live.stateText : nil,
            readiness: apiServer?.readiness)
    }
}

/// What holds between the control planes of a cluster while some of them are changed.
package enum RolloutRules {
    /// A restart takes one control plane away for a while: none starts while another one does not serve.
    ///
    /// One whose change was interrupted may not serve for that reason. It is continued or restored first, which restarts no
    /// other control plane; the others wait until it serves.
    /// - Parameters:
    ///   - health: of every control plane of the spec, in its order.
    ///   - accepted: names of those that may be unhealthy.
    package static func refusals(
        _ plan: Plan, health: [(name: String, health: ControlPlaneHealth)], accepted: Set<String>
    ) -> [Refusal] {
        let restarting = plan.nodes.filter(\.restarts).map(\.name)
        guard !restarting.isEmpty else { return [] }
        let unhealthy = health.compactMap { name, health -> (name: String, why: Message)? in
            guard case .unhealthy(let why) = health, !accepted.contains(name) else { return nil }
            return (name, why)
        }
        if unhealthy.count == 1,
            plan.nodes.contains(where: { $0.name == unhealthy[0].name && $0.finishesTransaction })
        {
            return []
        }
        return unhealthy.compactMap { name, why in
            guard restarting.contains(where: { $0 != name }) else { return nil }
            return Refusal(
                code: "plan/unhealthy", node: name,
                message: "is not ready, so no other control plane is restarted: \(why)",
                hint: "fix it first; or, if you accept that it is down, --accept-unhealthy \(name)"
            )
        }
    }
}
