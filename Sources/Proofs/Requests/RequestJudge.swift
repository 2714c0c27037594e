// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import PKI
import Planning
import Spec
import SystemdUnits
import Values

extension ControlPlanes {
    /// Judges a request on each control plane by its flags in effect and the CA files that they name; sends nothing.
    /// - Parameter observed: what was seen of the nodes a moment ago.
    package func judge(_ request: SampleRequest, observed: [ObservedNode]) async throws -> [NodeVerdict] {
        let now = effects.now()
        let seen = Dictionary(observed.map { ($0.name, $0) }) { first, _ in first }
        let results = await onEachNode(nodes) { node -> NodeVerdict? in
            guard let observed = seen[node.name] else { return nil }
            return RequestJudge(spec: spec, node: observed, files: try link(node).node, reader: reader)
                .verdict(request, at: UnixTime(seconds: now.seconds + observed.clockOffset))
        }
        return try Self.values(nodes, results).compactMap { $0 }
    }
}

/// Judges requests as the kube-apiserver of one node does.
private struct RequestJudge {
    let spec: ClusterSpec
    let node: ObservedNode
    let files: any NodeTransport
    let reader: CertificateReader

    func verdict(_ request: SampleRequest, at now: UnixTime) -> NodeVerdict {
        do {
            let (flags, service) = try flagsInEffect()
            let settings = AuthenticationSettings(flags)
            let verdict = request.verdict(settings, at: now) { path in
                let absolute = service?.absolutePath(path) ?? path
                guard absolute.isAbsolutePath, let bytes = try files.read(absolute) else {
                    throw BootstrapError("node/missing-file", "it is missing")
                }
                return try reader.bundle(pem: bytes, path: absolute)
            }
            return NodeVerdict(
                node: node.name, verdict: verdict, problem: nil, allowedNames: settings.allowedNames)
        } catch {
            return NodeVerdict(node: node.name, verdict: nil, problem: "\(error)", allowedNames: [])
        }
    }

    /// Of the running process; where none runs, those that its files say.
    private func flagsInEffect() throws -> (EffectiveFlags, EffectiveService?) {
        if spec.apiServer.isExternal {
            guard let running = node.unit?.live?.runningArguments else {
                throw BootstrapError(
                    "process/unknown-flags",
                    node.access == .offline
                        ? "the flags of a kube-apiserver that no unit runs are known on a live control plane only"
                        : "no kube-apiserver runs there")
            }
            return (EffectiveFlags.parse(commandLine: running), nil)
        }
        let unit = spec.apiServer.unit
        let sources = try UnitSources.current(node, unit: unit)
        let service = try EffectiveService(
            unit: unit, sources: sources, environmentFiles: UnitSources.environmentFiles([], on: node))
        if let running = node.unit?.live?.runningArguments {
            return (EffectiveFlags.parse(commandLine: running), service)
        }
        return (
            EffectiveFlags.parse(commandLine: service.arguments(of: try service.command(unit: unit))), service
        )
    }
}
