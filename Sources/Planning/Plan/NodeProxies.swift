// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// What an operator is told of a proxy that stands between the API server and extension servers.
extension NodePlanner {
    /// A notice where extension servers are asked through a proxy: the layer would be on and reach none of them.
    mutating func noteProxy() {
        guard let unit = node.unit,
            let sources = try? UnitSources.current(node, unit: unitName),
            let service = try? EffectiveService(
                unit: unitName, sources: sources, environmentFiles: unit.environmentFiles)
        else { return }
        guard let environment = proxyEnvironment(unit, service.environment) else {
            return noteUnseenProxy(service.environment)
        }
        let arguments =
            unit.live?.runningArguments
            ?? (try? service.command(unit: unitName)).map { service.arguments(of: $0) } ?? []
        let reach = ExtensionReach(
            environment, flags: EffectiveFlags.parse(commandLine: arguments),
            routesToEndpoints: options.scope == .everything && spec.apiServer.decidesRouting
                ? spec.apiServer.aggregatorRouting : nil,
            version: node.apiServer?.version ?? spec.kubernetesVersion)
        switch reach.verdict(.unknown("verify asks for them")) {
        case .direct: return
        case .proxied(let text): noteProxy(text, origin(environment, service.environment))
        case .unknown(let text):
            // A range may well be that of the pods: the proof asks for their addresses.
            guard !environment.hasRanges else { return }
            noteProxy(text, origin(environment, service.environment))
        }
    }

    /// A proxy may be set where it cannot be seen, and would be in the way all the same.
    private mutating func noteUnseenProxy(_ environment: ServiceEnvironment) {
        let sources = ProxyEnvironment.allNames.flatMap { environment.unseen(for: $0) }.filter(
            \.mayHoldArguments)
        guard let source = sources.first else { return }
        notice(
            "plan/proxy-unseen",
            "\(unitName) may get a proxy from \(source), which cannot be read here: verify checks it"
        )
    }

    private mutating func noteProxy(_ text: Message, _ origin: Message) {
        notice("plan/proxy", "in the environment of \(unitName), \(text)\(origin)")
    }

    /// The environment that the API server has after this plan, as far as it is known; nil where it is not.
    private func proxyEnvironment(
        _ unit: ObservedUnit, _ environment: ServiceEnvironment
    ) -> ProxyEnvironment? {
        let names = ProxyEnvironment.allNames
        if case .seen(let running) = unit.live?.proxies {
            // A variable of the unit may have been changed since the process was started.
            let isInUnit = names.contains { environment[$0] != nil || environment.isUnset($0) }
            if !result.restarts || !isInUnit { return running }
        }
        let isUnseen = names.contains { environment.unseen(for: $0).contains(where: \.mayHoldArguments) }
        return isUnseen ? nil : ProxyEnvironment { environment[$0]?.text }
    }

    /// Where the variable is set, so that it can be found.
    private func origin(_ proxies: ProxyEnvironment, _ environment: ServiceEnvironment) -> Message {
        let names = [proxies.proxy ?? proxies.plainProxy, proxies.exceptions].compactMap { $0 }
        let places = names.compactMap { name in
            environment[name].map { "\(name) is set in \($0.origin)" as Message }
        }
        return places.isEmpty ? "" : " (\(places.joined(separator: ", ")))"
    }
}
