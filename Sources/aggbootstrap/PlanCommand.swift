// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Planning
import StateStore
import Values

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what init would change, and change nothing.",
        discussion: """
            Examples:
              aggbootstrap plan --spec cluster.json
              aggbootstrap plan --spec cluster.json --root out
              aggbootstrap plan --detailed-exitcode -o json
            """)

    @OptionGroup var spec: SpecOptions
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var output: OutputOptions

    @Flag(name: .customLong("detailed-exitcode"), help: "Exit with 2 if changes are pending.")
    var detailedExitCode = false

    @Flag(help: "Plan the restart even if that activates changes of the unit that aggbootstrap did not make.")
    var includePending = false

    func run() async throws {
        try await Console.run(color: output.color, format: output.output) {
            Console.harden()
            let run = try spec.makeRun(
                output.effects, passphrase: passphrase.read(), options: .init(includesPending: includePending)
            )
            output.narrator.began(run)
            defer { output.narrator.ended(run) }
            let planned = try await ChangeDialog(output: output, options: nil, run: run, words: .initialise)
                .perform(.toSpec(run)).result
            return detailedExitCode && !planned.preparation.plan.isEmpty ? .pending : .done
        }
    }
}
