// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Planning
import StateStore
import Values

struct UninstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uninstall",
        abstract: "Take the aggregation layer away: flags, certificates and keys that aggbootstrap wrote.",
        discussion: """
            It works like init: it shows a plan, restarts one control plane at a time without the flags, and restores a node \
            whose API server does not become ready. Only what aggbootstrap wrote is removed; what stays is named. Aggregated \
            APIs, such as metrics-server's, stop working: if there are any, it is refused.

            The state directory stays, so that init can bring the layer back with the same CA. --remove-state \
            destroys it at the end.

            Examples:
              aggbootstrap uninstall --dry-run
              aggbootstrap uninstall
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var change: ChangeOptions

    @Flag(help: "Continue although aggregated APIs stop working.")
    var acceptLostApis = false

    @Flag(
        help: "At the end, when all control planes are done, destroy the state directory with the CA's key.")
    var removeState = false

    func validate() throws {
        if removeState && !cluster.limit.isEmpty {
            throw UsageError.validation(
                "--remove-state and --limit are both given: the other control planes need the state directory"
            )
        }
    }

    func run() async throws {
        try await Console.run(color: output.color, format: output.output) {
            Console.harden()
            let run = try cluster.makeRun(
                output.effects, options: .init(includesPending: change.includePending),
                acceptUnhealthy: change.acceptUnhealthy)
            output.narrator.began(run)
            defer { output.narrator.ended(run) }
            let options = UninstallOptions(acceptsLostAPIs: acceptLostApis, removesState: removeState)
            let dialog = ChangeDialog(output: output, options: change, run: run, words: .uninstall)
            let status = try await dialog.perform(.away(run, options)).status
            if !change.dryRun, !output.quiet { Console.notes(words(run, status)) }
            return status
        }
    }

    /// What stays.
    private func words(_ run: Run, _ status: ExitStatus) -> [Message] {
        var lines: [Message] = []
        if removeState {
            if status == .done { lines.append("note: the state directory \(run.state.path) is destroyed") }
        } else {
            lines.append(
                "note: the state directory \(run.state.path) stays, with the CA's key; aggbootstrap uninstall --remove-state "
                    + "destroys it")
        }
        if StateReport.hasTimer(run, output.effects) {
            lines.append("note: the timer on this machine stays: aggbootstrap schedule remove")
        }
        return lines
    }
}
