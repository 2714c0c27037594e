// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Bootstrap
import ClusterPlan

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Put back what the last change of each node replaced: files, flags and unit.",
        discussion: """
            Every node keeps the files that its last change replaced; they come back with their content, mode and owner, \
            and what was not there before is removed. It goes the way that init goes: a plan, one control plane at a time \
            where one has to restart, and what does not serve afterwards is put back. A CA that was dropped as compromised \
            never comes back.

            A node that has been rolled back is left alone while another one still has to be; where all have been, rollback \
            goes forward again. The next init makes everything as the spec says.
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var change: ChangeOptions

    func run() async throws {
        try await Console.run(color: output.color, format: output.output) {
            Console.harden()
            let run = try cluster.makeRun(
                output.effects, options: .init(includesPending: change.includePending),
                acceptUnhealthy: change.acceptUnhealthy)
            output.narrator.began(run)
            let lock = change.dryRun ? nil : try run.lockExisting()
            let preparation = try await output.narrator.prepareRollback(run)
            try show(preparation, run)
            if change.dryRun { return .done }
            let outcome = try await apply(preparation, run, lock)
            let status = try await prove(preparation, outcome, run)
            try run.endRollback(preparation, outcome)
            withExtendedLifetime(lock) {}
            return status
        }
    }

    /// - Throws: the refusal, where there is one.
    private func show(_ preparation: Preparation, _ run: Run) throws {
        let stays = change.dryRun || preparation.refusal != nil
        if output.output == .text {
            var lines = PlanReport(preparation.plan, unit: run.spec.apiServer.unit).lines
            if stays { lines = Summary.plan(lines, preparation) }
            if !stays, lines.last != "" { lines.append("") }
            Console.print(lines, color: output.color)
        } else if stays, preparation.refusal == nil {
            Console.print([try PlanDocument(preparation.plan).json()])
        }
        if let refusal = preparation.refusal {
            throw output.failure(refusal, showing: PlanDocument(preparation.plan))
        }
    }

    private func apply(
        _ preparation: Preparation, _ run: Run, _ lock: Run.StateLock?
    ) async throws -> ApplyOutcome {
        guard !preparation.plan.isEmpty else { return ApplyOutcome() }
        if !change.yes { try Console.consent("Roll cluster \(run.spec.cluster) back?") }
        let outcome = try await output.narrator.timed("rolled back") {
            try await run.apply(preparation, lock: lock)
        }
        if let failure = outcome.failure {
            try run.endRollback(preparation, outcome)
            throw output.failure(failure, showing: ResultDocument(preparation.plan, outcome, []))
        }
        return outcome
    }

    private func prove(
        _ preparation: Preparation, _ outcome: ApplyOutcome, _ run: Run
    ) async throws -> ExitStatus {
        let proofs = try await output.narrator.timed("proved") { try await run.proveRollback(preparation) }
        let report = ProofReport(proofs, requireProof: change.requireProof)
        switch output.output {
        case .text:
            let last = Summary.rolledBack(outcome, preparation, report)
            Console.print(report.lines + last, color: output.color)
        case .json: Console.print([try ResultDocument(preparation.plan, outcome, proofs).json()])
        }
        return report.status
    }
}
