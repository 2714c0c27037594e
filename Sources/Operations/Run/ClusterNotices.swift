// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import Planning
import Proofs
import Spec
import SystemdUnits
import Values

/// What only the cluster itself can say, asked with the spec's kubeconfig. Nothing is refused or fails for it.
extension Run {
    /// Before a change: that the kubeconfig is not there, and which API servers the spec lacks. A cluster that does not answer
    /// is asked again by those who need it.
    func noticesBeforeChange(_ observed: [ObservedNode]) async -> [Notice] {
        if let notice = kubeconfigNotice() { return [notice] }
        return [try? await unlisted(observed)].compactMap(\.self)
    }

    /// Beside proofs: also which extension APIs are not available, and why the cluster could not be asked.
    package func noticesBesideProofs(_ observed: [ObservedNode]) async -> [Notice] {
        guard access == .live else { return [] }
        let own = [layerNotice(observed), rotationNotice(observed)].compactMap(\.self)
        guard spec.apiServer.kubeconfig != nil else { return own }
        if let notice = kubeconfigNotice() { return own + [notice] }
        do {
            return own + [try await unlisted(observed)].compactMap(\.self) + (try await unavailable())
        } catch {
            return own + [
                Notice(
                    code: "cluster/not-asked", node: nil,
                    message:
                        "the cluster could not be asked for other API servers and for its extension APIs: \(ErrorReport(error).message)"
                )
            ]
        }
    }

    /// Where kube-apiserver runs without the layer, most proofs fail for that one reason.
    private func layerNotice(_ observed: [ObservedNode]) -> Notice? {
        let off = observed.filter { node in
            guard let running = node.unit?.live?.runningArguments else { return false }
            return EffectiveFlags.parse(commandLine: running).lacksAggregation
        }.map(\.name)
        guard !off.isEmpty else { return nil }
        return Notice(
            code: "status/off", node: nil,
            message:
                "the aggregation layer is off on \(list: off); aggbootstrap init turns it on"
        )
    }

    /// What holds now may be another thing when the rotation goes on.
    private func rotationNotice(_ observed: [ObservedNode]) -> Notice? {
        guard let open = try? openRotation(nil, observed).first else { return nil }
        return Notice(code: open.code, node: nil, message: open.message)
    }

    /// nil where the spec names none, and where it is there.
    func kubeconfigNotice() -> Notice? {
        guard access == .live, let path = spec.apiServer.kubeconfig,
            case .success(nil) = Result(catching: { try LocalTransport().status(path) })
        else { return nil }
        return Notice(
            code: "cluster/no-kubeconfig", node: nil,
            message:
                "\(path) (apiServer.kubeconfig) is not on this machine: rotate --ca and verify --canary need it; copy an "
                + "administrator's kubeconfig there, or correct the path in the spec")
    }

    private func unlisted(_ observed: [ObservedNode]) async throws -> Notice? {
        // The addresses of those that are left out are not read.
        guard access == .live, nodes.count == spec.nodes.count,
            let kubectl = Kubectl.ofSpec(controlPlanes, seconds: 5)
        else { return nil }
        let others = try await controlPlanes.unlisted(observed, kubectl)
        guard !others.isEmpty else { return nil }
        return Notice(
            code: "cluster/unlisted", node: nil,
            message:
                "an API server at \(list: others) serves this cluster and is not in the spec: its part of the "
                + "aggregation layer is neither changed nor proved; add it to the spec, then run init")
    }

    private func unavailable() async throws -> [Notice] {
        guard let kubectl = Kubectl.ofSpec(controlPlanes, seconds: 5) else { return [] }
        let servers = ExtensionServers(controlPlanes: controlPlanes, kubectl: kubectl)
        return try await servers.backends().filter { !$0.isAvailable }.map { api in
            let routed: Message =
                spec.apiServer.aggregatorRouting
                ? ""
                : "; if no kube-proxy runs on the control planes, set apiServer.aggregatorRouting to true and run init"
            let why: Message = api.why.map { ": \($0)" } ?? ""
            return Notice(
                code: "cluster/api-unavailable", node: nil,
                message:
                    "the extension API \(api.name) (Service \(api.service)) is not available\(why)\(routed)"
            )
        }
    }
}
