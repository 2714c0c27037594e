// SPDX-License-Identifier: Apache-2.0

import Planning
import Values

/// What one run of a rotation has seen and done so far: where it stops, that decides the exit status.
struct RotationCourse {
    private var hasChanged = false
    /// Whether all control planes were at the same stage when they were last seen.
    private var areAlike = true
    /// The stage that is under way.
    var stage = RotationStage.preflight

    mutating func saw(_ observed: [ObservedNode], keep: CAGeneration, retire: [CAGeneration]) {
        var positions = observed.map { RotationPosition.Node($0, keep: keep, retire: retire) }
        for index in positions.indices { positions[index].name = "" }
        areAlike = positions.allSatisfy { $0 == positions.first }
    }

    /// What a killed run had left on a node was taken away.
    mutating func putBack() { hasChanged = true }

    mutating func applied(_ outcome: ApplyOutcome) {
        if outcome.isComplete { areAlike = true }
        if outcome.filesWritten > 0 { hasChanged = true }
    }

    /// An error with the status that is true of all control planes, and not only of the stage that it stopped.
    /// - Parameter asAsked: whether the run was asked to stop: a ^C at a terminal also ends what it has started there.
    func stopped(by error: any Error, asAsked: Bool = false) -> BootstrapError {
        var report = ErrorReport(error)
        if report.code == "rotation/stopped" || asAsked && Self.ended.contains(report.code) {
            report = ErrorReport(stoppedAsAsked)
        }
        var status = report.status
        if status == .failed || status == .proofFailed, !areAlike {
            status = .mixed
        } else if status == .failed, hasChanged {
            status = .proofFailed
        }
        return BootstrapError(
            report.code, status: status, report.message, hint: report.hint, details: report.details,
            nodes: report.nodes)
    }

    /// What a stop makes of a program that is under way, and of a connection that is being made.
    private static let ended = ["kubectl/failed", "node/unreachable"]

    private var stoppedAsAsked: BootstrapError {
        guard hasChanged || stage > .preflight else {
            return BootstrapError(
                "rotation/stopped", "stopped as asked, before a control plane was changed",
                hint: "run it again")
        }
        let trust: Message =
            stage < .drop
            ? "everyone still trusts the old CA"
            : "the old CA is being dropped, and the rotation cannot be aborted any more"
        return BootstrapError(
            "rotation/stopped",
            "stopped as asked in \(stage.label) \(stage.rawValue), with the rotation open: \(trust)",
            hint: "run aggbootstrap rotate --ca again to continue"
                + (stage < .drop ? ", or aggbootstrap rotate --abort to return to the old CA" : ""))
    }
}
