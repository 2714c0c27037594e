// SPDX-License-Identifier: Apache-2.0

import Values

/// What many clusters have, each by its own spec.
package struct FleetStatus: Sendable {
    /// A cluster of which nothing can be said.
    package struct Failure: Sendable {
        /// The spec's file.
        package let spec: String
        /// nil where the spec cannot be read.
        package let cluster: String?
        package let error: any Error

        package var report: ErrorReport { ErrorReport(error) }
    }

    /// When it was read.
    package let now: UnixTime
    /// In the order of their specs.
    package let clusters: [ClusterStatus]
    package let failures: [Failure]
    /// Whether it was asked for as a fleet, which may still have one cluster or none.
    package let isFleet: Bool

    /// - Parameter cluster: the only one.
    package init(_ cluster: ClusterStatus) {
        (now, clusters, failures, isFleet) = (cluster.now, [cluster], [], false)
    }

    init(now: UnixTime, clusters: [ClusterStatus], failures: [Failure]) {
        (self.now, self.clusters, self.failures, isFleet) = (now, clusters, failures, true)
    }
}
