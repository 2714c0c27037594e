// SPDX-License-Identifier: Apache-2.0

import Spec

/// What the API of a cluster offers, as far as it matters to those who look for the servers of a Service.
package struct ClusterAPI: Sendable, Equatable {
    /// The newest version of `discovery.k8s.io` that has EndpointSlices: `v1` (Kubernetes 1.21), `v1beta1`; nil for none.
    package let slices: String?
    /// Of the API server that kubectl asks; nil where it does not say.
    package let version: KubernetesVersion?

    init(slices: String?, version: KubernetesVersion?) {
        self.slices = slices
        self.version = version
    }

    /// - Throws: `kubectl/failed`, `kubectl/not-json`.
    package init(_ kubectl: Kubectl) async throws {
        let groups = try await kubectl.get(["--raw", "/apis"])
        let version = try await kubectl.get(["--raw", "/version"])
        self.init(slices: Self.slices(in: groups), version: Self.version(in: version))
    }

    /// From this version on the aggregator finds the servers of a Service by its EndpointSlices, and Endpoints are
    /// deprecated: to ask for them is answered with a warning (kubernetes#129837).
    static let firstWithoutEndpoints = KubernetesVersion(major: 1, minor: 33)

    /// Whether an aggregator of that version may find servers by Endpoints; nil for one that does not say its version.
    package static func readsEndpoints(_ version: KubernetesVersion?) -> Bool {
        version.map { $0 < firstWithoutEndpoints } ?? true
    }

    /// - Parameter groups: the APIGroupList at `/apis`.
    static func slices(in groups: LocatedJSON) -> String? {
        let group = groups["groups"]?.elements.first { $0["name"]?.text == "discovery.k8s.io" }
        let versions = group?["versions"]?.elements.compactMap { $0["version"]?.text } ?? []
        return ["v1", "v1beta1"].first(where: versions.contains)
    }

    /// - Parameter answer: what is at `/version`; some providers write `20+`.
    static func version(in answer: LocatedJSON) -> KubernetesVersion? {
        func number(_ key: String) -> Int? {
            answer[key]?.text.flatMap { Int($0.hasSuffix("+") ? String($0.dropLast()) : $0) }
        }
        guard let major = number("major"), let minor = number("minor") else { return nil }
        return KubernetesVersion(major: major, minor: minor)
    }
}
