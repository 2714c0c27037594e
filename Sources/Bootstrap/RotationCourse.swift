// SPDX-License-Identifier: Apache-2.0

import ClusterPlan
import NodeAccess

/// What one run of a rotation has seen and done so far: where it stops, that decides the exit status.
struct RotationCourse {
    private var hasChanged = false
    /// Whether all control planes were at the same stage when they were last seen.
    private var areAlike = true

    mutating func saw(_ observed: [ObservedNode], keep: CAGeneration, retire: [CAGeneration]) {
        var positions = observed.map { RotationPosition.Node($0, keep: keep, retire: retire) }
        for index in positions.indices { positions[index].name = "" }
        areAlike = positions.allSatisfy { $0 == positions.first }
    }

    mutating func applied(_ outcome: ApplyOutcome) {
        if outcome.failure == nil { areAlike = true }
        if outcome.filesWritten > 0 { hasChanged = true }
    }

    /// An error with the status that is true of all control planes, and not only of the stage that it stopped.
    func stopped(by error: any Error) -> BootstrapError {
        let report = ErrorReport(error)
        var status = report.status
        if status == .failed || status == .proofFailed, !areAlike {
            status = .mixed
        } else if status == .failed, hasChanged {
            status = .proofFailed
        }
        return BootstrapError(
            report.code, status: status, report.message, hint: report.hint, details: report.details)
    }
}

extension CARotation {
    /// Observes every node, after what a killed run left half done on one has been put back: at every stage the files of
    /// the stage before are still good, and with none of it open no later failure can go back further than its own stage.
    func settled() async throws -> [ObservedNode] {
        let observed = try await run.observe()
        let open = observed.filter { $0.transaction != nil }
        guard !open.isEmpty else { return observed }
        if let other = open.first(where: { $0.transaction?.cause != .spec }) {
            throw refusal("interrupted", other, "a roll-back of it was interrupted", "run rollback first")
        }
        let (unit, now) = (run.spec.apiServer.unit, run.effects.now())
        let nodes = run.nodes.filter { node in open.contains { $0.name == node.name } }
        let results = await onEachNode(nodes) { node in
            let transport = try run.link(node).node
            try NodeTransaction.begin(
                unit: unit, paths: [], madeDirectories: [], wasServing: true, baseDigests: [:], now: now,
                on: transport
            ).putBack(unit: unit)
        }
        try RotationGates.join(
            zip(nodes, results).map { node, result in result.mapError { Run.located($0, on: node) } })
        say(.preflight, "an interrupted change of \(open.map(\.name).joined(separator: ", ")) was put back")
        return try await run.observe()
    }
}

extension NodeTransaction {
    fileprivate func putBack(unit: String) throws {
        try restore(unit: unit)
        try drop(unit: unit)
    }
}
