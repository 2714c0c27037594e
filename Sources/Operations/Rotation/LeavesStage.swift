// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Proofs
import StateStore

/// Every control plane is to present a proxy client of the new CA.
struct LeavesStage: Sendable {
    let context: RotationContext
    let gates: RotationGates

    /// - Parameter observed: what was seen before the stage was waited for; what is changed is looked at again.
    func change(
        _ rotation: RotationGenerations, _ terms: RotationTerms, _ observed: [ObservedNode],
        _ lock: StateLock,
        _ course: inout RotationCourse
    ) async throws {
        try await RotationIssuing(context).issueLeaves(terms)
        context.say(.leaves(subject: rotation.keep.certificate.subject))
        let stage = CertificateStage(
            bundle: rotation.both, leaves: .signed(by: rotation.keep))
        let (change, options) = (StageChange(context), context.options)
        // In an emergency those that show nothing of their reading are waited for once, after the last.
        if terms.cause.isCompromise {
            return try await change.apply(in: change.staged(stage), nil, lock, &course)
        }
        let witnessing = PairWitnessing(
            options: options.witness, reloadSeconds: options.reloadSeconds, accepted: options.acceptsLaggards)
        try await witnessing.witnessed(change.staged(stage), observed, gates.kubectl) { staged in
            try await change.apply(in: staged, nil, lock, &course)
            try staged.controlPlanes.refuseStopped()
        }
    }
}
