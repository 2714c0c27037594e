// SPDX-License-Identifier: Apache-2.0

import Operations
import Values

/// What many clusters have, or one, for people: each cluster's report, and a last line for all of them.
struct FleetReport {
    let fleet: FleetStatus
    let clusters: [StatusReport]

    init(_ fleet: FleetStatus, warnBefore: RenewBefore?, style: StatusTable.Style = .plain) {
        self.fleet = fleet
        clusters = fleet.clusters.map { StatusReport($0, warnBefore: warnBefore, style: style) }
    }

    /// That of the first spec or cluster that cannot be read, else of the first cluster that needs a look.
    var exitStatus: ExitStatus {
        let failed = fleet.failures.first?.report.status
        return failed ?? clusters.map(\.exitStatus).first { $0 != .done } ?? .done
    }

    var lines: [Message] {
        let blocks = clusters.flatMap { cluster -> [Message] in cluster.lines + (fleet.isFleet ? [""] : []) }
        return blocks + (fleet.isFleet ? [verdict] : [])
    }

    /// One line for all clusters.
    var verdict: Message {
        guard fleet.isFleet else { return clusters.first?.verdict ?? "" }
        let others = clusters.filter { !$0.complaints.isEmpty }.map(\.status.cluster)
        var parts: [Message] =
            others.isEmpty
            ? [] : ["\(Message.count(others.count, "cluster")): \(list: others)"]
        let unread = fleet.failures.count
        if unread > 0 { parts.append("\(Message.count(unread, "spec")) could not be read") }
        let nodes = clusters.reduce(0) { $0 + $1.status.nodes.count }
        return parts.isEmpty
            ? "fine: \(Message.count(clusters.count, "cluster")), \(Message.count(nodes, "control plane")) as the specs say"
            : "look: \(parts.joined(separator: "; "))"
    }

    /// The same as JSON.
    func json() throws -> String {
        guard !fleet.isFleet, let only = clusters.first else { return try JSONText.of(FleetDocument(self)) }
        return try JSONText.of(StatusDocument(only))
    }
}

/// Many clusters as JSON.
struct FleetDocument: Encodable {
    struct Failure: Encodable {
        let spec: String
        let cluster: String?
        /// The same as where a command fails.
        let error: FailureDocument.Failure
    }

    let schemaVersion = JSONText.schemaVersion
    let time: String
    let clusters: [StatusDocument]
    /// Specs of which no cluster could be read.
    let errors: [Failure]
    let differs: Bool
    let exitStatus: Int32

    init(_ report: FleetReport) {
        let fleet = report.fleet
        time = fleet.now.description
        clusters = report.clusters.map { StatusDocument($0) }
        errors = fleet.failures.map {
            Failure(spec: $0.spec, cluster: $0.cluster, error: FailureDocument($0.error).error)
        }
        differs = !errors.isEmpty || fleet.clusters.contains(where: \.differs)
        exitStatus = report.exitStatus.rawValue
    }
}
