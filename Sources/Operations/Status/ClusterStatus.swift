// SPDX-License-Identifier: Apache-2.0

import Planning
import StateStore
import Values

/// What each control plane of a cluster has, what ends when, and what differs from the spec.
///
/// It is made without a passphrase and without reading a private key, and changes nothing.
package struct ClusterStatus: Sendable {
    package let cluster: String
    /// The spec's file; nil for the embedded one.
    package let spec: String?
    /// When it was read.
    package let now: UnixTime
    /// The state directory.
    package let state: String
    /// The CA that signs; nil where the state holds none.
    package let authority: CertificateSummary?
    /// The rotation that is open; nil where none is.
    package let rotation: OpenRotation?
    /// The newest entries of the ledger, oldest of them first.
    package let history: [LedgerEntry]
    /// What was changed last; nil where nothing was.
    package let lastChange: LastChange?
    /// The timer of this machine that renews the certificates; nil where it could not be asked.
    package let schedule: ScheduleStatus?
    /// What holds for the cluster and not for one node.
    package let notices: [Notice]
    package let nodes: [NodeStatus]

    /// How many entries of the ledger are shown.
    static let historyLength = 20

    /// Where the open rotation stands; nil where none is open, and where not every control plane could be read.
    package var stage: RotationStage? { rotation.flatMap { $0.isOfAll ? $0.stage : nil } }

    /// Whether a node could not be read, or differs from the spec or from what its API server has loaded.
    package var differs: Bool { rotation != nil || nodes.contains(where: \.differs) }

    /// Certificates that end within `seconds` from `now`, or have ended, on any node; each once.
    package func ending(within seconds: Int64) -> [(node: String, certificate: NodeStatus.Installed)] {
        let limit = now.advanced(bySeconds: seconds)
        return nodes.flatMap { node in
            node.certificates.filter { $0.certificate.notAfter <= limit }.map { (node.name, $0) }
        }
    }
}
