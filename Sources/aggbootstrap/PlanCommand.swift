// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Bootstrap
import ClusterPlan

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what init would change, and change nothing.")

    @OptionGroup var spec: SpecOptions
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var output: OutputOptions

    @Flag(name: .customLong("detailed-exitcode"), help: "Exit with 2 where changes are pending.")
    var detailedExitCode = false

    @Flag(help: "Plan the restart although it activates changes of the unit that are not ours.")
    var includePending = false

    func run() async throws {
        try await Console.run(color: output.color, format: output.output) {
            Console.harden()
            let run = try spec.makeRun(
                output.effects, passphrase: passphrase.read(), options: .init(includesPending: includePending)
            )
            output.narrator.began(run)
            return try await Self.show(run, output, detailed: detailedExitCode)
        }
    }

    /// Prints the plan; `init --dry-run` is this.
    static func show(_ run: Run, _ output: OutputOptions, detailed: Bool) async throws -> ExitStatus {
        let preparation = try await output.narrator.prepare(run)
        let document = PlanDocument(preparation.plan)
        if output.output == .text {
            let report = PlanReport(preparation.plan, unit: run.spec.apiServer.unit)
            Console.print(Summary.plan(report.lines, preparation), color: output.color)
        } else if preparation.refusal == nil {
            Console.print([try document.json()])
        }
        if let refusal = preparation.refusal { throw output.failure(refusal, showing: document) }
        return detailed && !preparation.plan.isEmpty ? .pending : .done
    }
}
