// SPDX-License-Identifier: Apache-2.0

import Planning
import Proofs
import StateStore

/// Brings the nodes to what a stage of a rotation asks for, by the way that `init` goes.
struct StageChange: Sendable {
    let context: RotationContext

    init(_ context: RotationContext) { self.context = context }

    /// - Parameters:
    ///   - observed: what was seen a moment ago, under the locks that are still held; nil to look now.
    ///   - staged: as `staged` gives it.
    func apply(
        in staged: Run, _ observed: [ObservedNode]?, _ lock: StateLock, _ course: inout RotationCourse
    ) async throws {
        let preparation = try await SpecPlanner().prepare(staged, observed: observed)
        if let refusal = preparation.refusal { throw refusal }
        guard !preparation.plan.isEmpty else { return }
        let outcome = try await Change.toSpec(staged).applyLocked(preparation, lock: lock)
        course.applied(outcome)
        if let failure = outcome.failure { throw failure }
    }

    /// The run with what the stage wants of the certificates.
    func staged(_ stage: CertificateStage) -> Run {
        var staged = context.run
        staged.request.options.stage = stage
        staged.pairGate = .init(reloadSeconds: 0, witness: nil)
        return staged
    }

    /// What would stop the change of a trust bundle to `bundle`, before anything depends on it.
    func refuse(_ bundle: [CAGeneration], _ observed: [ObservedNode]) async throws {
        let stage = CertificateStage(bundle: bundle, leaves: .asInstalled)
        if let refusal = try await SpecPlanner().prepare(staged(stage), observed: observed).refusal {
            throw refusal
        }
    }
}
