// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Bootstrap
import ClusterPlan

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make every node as the spec says: issue what is missing, install, activate, prove.",
        discussion: """
            Changes only what differs; run again when nothing has to change, it writes and restarts nothing. It never \
            replaces a CA. If the API server does not come back with the change, the old files are put back and it is \
            started with them.
            """)

    @OptionGroup var spec: SpecOptions
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var change: ChangeOptions

    func run() async throws {
        try await Console.run(color: output.color, format: output.output) {
            Console.harden()
            let run = try spec.makeRun(
                output.effects, passphrase: passphrase.read(),
                options: .init(includesPending: change.includePending),
                acceptUnhealthy: change.acceptUnhealthy
            )
            output.narrator.began(run)
            if change.dryRun { return try await PlanCommand.show(run, output, detailed: false) }
            return try await converge(run)
        }
    }

    private func converge(_ run: Run) async throws -> ExitStatus {
        let lock = try run.lockExisting()
        let preparation = try await output.narrator.prepare(run)
        if output.output == .text {
            var lines = PlanReport(preparation.plan, unit: run.spec.apiServer.unit).lines
            if preparation.refusal != nil { lines = Summary.plan(lines, preparation) }
            // Apart from the proofs, which follow.
            if lines.last != "" { lines.append("") }
            Console.print(lines, color: output.color)
        }
        if let refusal = preparation.refusal {
            throw output.failure(refusal, showing: PlanDocument(preparation.plan))
        }
        var outcome = ApplyOutcome()
        if !preparation.plan.isEmpty {
            try run.checkPassphrase(for: preparation)
            if run.request.root == nil, !change.yes {
                try Console.consent("Apply this to cluster \(run.spec.cluster)?")
            }
            outcome = try await output.narrator.timed("applied") {
                try await run.apply(preparation, lock: lock)
            }
            if let failure = outcome.failure {
                throw output.failure(failure, showing: ResultDocument(preparation.plan, outcome, []))
            }
        }
        let proofs = try await output.narrator.timed("proved") {
            try await run.prove(preparation.plan.isEmpty ? preparation.observed : nil)
        }
        let report = ProofReport(proofs, requireProof: change.requireProof)
        switch output.output {
        case .text:
            let last = Summary.done(outcome, preparation.plan, run, report)
            Console.print(report.lines + last, color: output.color)
        case .json: Console.print([try ResultDocument(preparation.plan, outcome, proofs).json()])
        }
        return report.status
    }
}
