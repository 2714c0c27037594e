// SPDX-License-Identifier: Apache-2.0

extension ObservedNode {
    package var health: ControlPlaneHealth {
        guard let live = unit?.live else { return .unhealthy("it does not have the unit") }
        return ControlPlaneHealth(
            activity: live.activity, state: live.stateText, readiness: apiServer?.readiness)
    }
}

/// What holds between the control planes of a cluster while some of them are changed.
package enum RolloutRules {
    /// A restart takes one control plane away for a while: none starts while another one does not serve.
    /// - Parameters:
    ///   - health: of every control plane of the spec, in its order.
    ///   - accepted: names of those that may be unhealthy.
    package static func refusals(
        _ plan: Plan, health: [(name: String, health: ControlPlaneHealth)], accepted: Set<String>
    ) -> [Refusal] {
        let restarting = plan.nodes.filter(\.restarts).map(\.name)
        guard !restarting.isEmpty else { return [] }
        return health.compactMap { name, health in
            guard case .unhealthy(let why) = health, !accepted.contains(name) else { return nil }
            guard restarting.contains(where: { $0 != name }) else { return nil }
            return Refusal(
                code: "plan/unhealthy", node: name,
                message: "is not ready, so no other control plane is restarted: \(why)",
                hint: "fix it first; or, if you accept that it is down, --accept-unhealthy \(name)"
            )
        }
    }
}
