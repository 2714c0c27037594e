// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import SystemdUnits
import Values

/// Proves that a kube-apiserver asks extension API servers itself, and no proxy of its environment in their place.
struct ProxyProver {
    let purpose: ProofPurpose
    let servers: ExtensionReach.Servers

    /// - Returns: nil where no environment was seen.
    static func reach(_ observed: ObservedNode) -> ExtensionReach? {
        guard let live = observed.unit?.live, case .seen(let environment) = live.proxies else { return nil }
        return ExtensionReach(
            environment,
            flags: EffectiveFlags.parse(commandLine: live.runningArguments ?? []),
            version: observed.apiServer?.version)
    }

    func proof(_ observed: ObservedNode) -> Proof {
        guard let reach = Self.reach(observed) else {
            if case .unseen(let why)? = observed.unit?.live?.proxies {
                return Proof("proxy", .notProven, why)
            }
            return Proof("proxy", .notProven, "its unit is not known to systemd")
        }
        return switch reach.verdict(servers) {
        case .direct(let text): Proof("proxy", .passed, text)
        case .proxied(let text): Proof("proxy", purpose == .verification ? .failed : .notProven, text)
        case .unknown(let text): Proof("proxy", .notProven, text)
        }
    }
}

extension ControlPlanes {
    /// The addresses of extension servers, where an API server asks them by these and has a proxy besides.
    func serversBehindProxies(_ observed: [ObservedNode]) async -> ExtensionReach.Servers {
        let counts = observed.compactMap(ProxyProver.reach).contains {
            $0.routesToEndpoints && $0.environment.proxy != nil
        }
        guard counts else { return .known([]) }
        do {
            guard let kubectl = try await Kubectl.find(self) else {
                return .unknown("there is no kubeconfig")
            }
            let endpoints = try await ExtensionServers(controlPlanes: self, kubectl: kubectl).endpoints()
            return .known(endpoints.map { .init(address: $0.address, port: $0.port ?? 443) })
        } catch {
            return .unknown("\(error)")
        }
    }
}
