// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import LocalFiles
import Planning
import Spec
import StateStore
import Values

/// Reads many clusters, a few side by side. One that cannot be read keeps none of the others back.
package struct FleetReader: Sendable {
    /// How many clusters are read at once; all control planes of each are.
    private static let atOnce = 4

    private let request: RunRequest
    private let effects: Effects
    private let began: @Sendable (Run) -> Void
    private let ended: @Sendable (Run) -> Void

    /// - Parameters:
    ///   - request: what holds for every cluster; its directories have one for each cluster, by the cluster's name.
    ///   - began: is told of each run before its nodes are read.
    ///   - ended: the same, behind it.
    package init(
        _ request: RunRequest, effects: Effects, began: @escaping @Sendable (Run) -> Void = { _ in },
        ended: @escaping @Sendable (Run) -> Void = { _ in }
    ) {
        (self.request, self.effects, self.began, self.ended) = (request, effects, began, ended)
    }

    /// - Parameter files: one for each cluster.
    package func read(_ files: [String]) async -> FleetStatus {
        let specs = files.map { file in (file: file, spec: Result { try SpecLoader.load(file) }) }
        var failures: [FleetStatus.Failure] = []
        var good: [(file: String, cluster: String)] = []
        for (file, result) in specs {
            switch result {
            case .failure(let error): failures.append(.init(spec: file, cluster: nil, error: error))
            case .success(let spec):
                let others = specs.filter { $0.file != file && (try? $0.spec.get().cluster) == spec.cluster }
                if let other = others.first {
                    let error = Self.sameCluster(spec.cluster, file, other.file)
                    failures.append(.init(spec: file, cluster: spec.cluster, error: error))
                } else {
                    good.append((file, spec.cluster))
                }
            }
        }
        let (clusters, unread) = await read(good)
        return FleetStatus(now: effects.now(), clusters: clusters, failures: failures + unread)
    }

    private func read(
        _ specs: [(file: String, cluster: String)]
    ) async -> (clusters: [ClusterStatus], failures: [FleetStatus.Failure]) {
        let results = await concurrently(specs, atMost: Self.atOnce) { file, cluster in
            try await read(file, cluster)
        }
        var (clusters, failures): ([ClusterStatus], [FleetStatus.Failure]) = ([], [])
        for ((file, cluster), result) in zip(specs, results) {
            switch result {
            case .success(let status): clusters.append(status)
            case .failure(let error):
                let located = BootstrapError(extending: error) { "cluster \(cluster): \($0)" }
                failures.append(.init(spec: file, cluster: cluster, error: located))
            }
        }
        return (clusters, failures)
    }

    private func read(_ file: String, _ cluster: String) async throws -> ClusterStatus {
        var own = request
        own.specFile = file
        own.root = request.root.map { "\($0)/\(cluster)" }
        // A state directory is one cluster's.
        own.state = (request.state ?? LocalHost.setting(StatePlace.variable)).map { "\($0)/\(cluster)" }
        own.options.root = own.root
        let run = try Run(own, effects: effects)
        began(run)
        defer { ended(run) }
        return try await StatusReader.read(run)
    }

    private static func sameCluster(_ cluster: String, _ file: String, _ other: String) -> BootstrapError {
        BootstrapError(
            "spec/same-cluster", status: .badSpec,
            "\(file) and \(other) are both specs of cluster \(cluster), so it is not read",
            hint: "remove one of them, or give one of the clusters another name")
    }
}
