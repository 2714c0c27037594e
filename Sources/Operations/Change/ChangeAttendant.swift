// SPDX-License-Identifier: Apache-2.0

import Planning

/// Who sees a change through, step by step: the command line.
package protocol ChangeAttendant {
    /// Whether the change ends with its plan.
    var onlyPlans: Bool { get }

    /// Does one step.
    func timed<Value>(
        _ step: Change.Step, _ body: () async throws -> Value
    ) async rethrows -> Value

    /// Takes the plan, before anything is asked or refused.
    func show(_ preparation: Preparation) throws

    /// - Throws: where the plan is not to be applied.
    func consent(to preparation: Preparation) throws

    /// Takes what was done and proved.
    func show(_ result: Change.Result) throws
}

extension Change {
    package enum Step: Sendable {
        case preparing
        case applying
        case proving
    }

    /// What a change has come to; without proofs where it was only planned.
    package struct Result: Sendable {
        package let preparation: Preparation
        package internal(set) var outcome = ApplyOutcome()
        package internal(set) var proofs: [NodeProofs] = []
    }

    /// Why a change ended, with what can be shown all the same.
    package struct Failure: Error {
        package let cause: any Error
        package let preparation: Preparation
        /// nil where the change was refused.
        package var outcome: ApplyOutcome?
    }
}
