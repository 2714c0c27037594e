// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Planning
import StateStore
import Values

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
            return try await ChangeDialog(output: output, options: change, run: run, words: .initialise)
                .perform(.toSpec(run)).status
        }
    }
}
