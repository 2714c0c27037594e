// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Bootstrap
import ClusterPlan

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Prove that the aggregation layer works, and change nothing.",
        discussion: """
            Each proof is a line: ok, FAIL, or -- where it cannot be made, with the reason. Exit status 4 where one fails.
            """)

    @OptionGroup var spec: SpecOptions
    @OptionGroup var output: OutputOptions

    @Flag(help: "Fail with status 4 also where a proof cannot be made.")
    var requireProof = false

    func run() async throws {
        try await Console.run(color: output.color) {
            Hardening.apply()
            let run = try spec.makeRun(output.effects)
            output.narrator.began(run)
            let observed = try await output.narrator.observe(run)
            let report = ProofReport(
                try await output.narrator.timed("proved") { try await run.prove(observed) })
            switch output.output {
            case .text:
                let last = Summary.verified(report.nodes, requireProof: requireProof)
                Console.print(report.lines + [last], color: output.color)
            case .json: Console.print([try report.json()])
            }
            return report.status(requireProof: requireProof)
        }
    }
}
