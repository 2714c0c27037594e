// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Proofs
import Values

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Prove that the aggregation layer works, and change nothing.",
        discussion: """
            Each proof is a line: ok, FAIL, or -- if it cannot be made, with the reason. The exit status is 4 if one fails.

            With --canary it changes the cluster while it runs: it runs a temporary extension API server (the canary) on this \
            machine, registers it as the APIService v1.canary.aggbootstrap.io, asks each control plane for it, and \
            checks the certificate that each one presented. All of it is removed at the end, also after ^C; what a \
            killed run left is removed by the next one.
            """)

    @OptionGroup var spec: SpecOptions
    @OptionGroup var output: OutputOptions

    @Flag(help: "Fail with status 4 also if a proof cannot be made.")
    var requireProof = false

    @Flag(
        help:
            "Also prove the whole path through each control plane with a temporary extension API server; needs a kubeconfig."
    )
    var canary = false

    @Option(
        help: ArgumentHelp(
            "The address at which control planes reach this machine for --canary.",
            discussion: "Default: this machine's address on the route to them, and a free port.",
            valueName: "address[:port]"))
    var canaryAddress: String?

    func validate() throws {
        if canaryAddress != nil && !canary {
            throw ValidationError("--canary-address is given without --canary")
        }
    }

    func run() async throws {
        try await Console.run(color: output.color, format: output.output) {
            Console.harden()
            let address = try canaryAddress.map { try CanaryAddress($0) }
            let run = try spec.makeRun(output.effects)
            output.narrator.began(run)
            defer { output.narrator.ended(run) }
            let observed = try await output.narrator.observe(run)
            var proofs = try await output.narrator.timed("proved") {
                try await run.controlPlanes.prove(observed, for: .verification)
            }
            if canary {
                proofs = try await output.narrator.timed("proved by the canary") { [proofs] in
                    try await run.controlPlanes.proveCanary(proofs, observed: observed, address: address)
                }
            }
            let report = ProofReport(proofs, requireProof: requireProof)
            switch output.output {
            case .text: Console.print(report.lines + [Summary.verified(report)], color: output.color)
            case .json: Console.print([try report.json()])
            }
            return report.status
        }
    }
}
