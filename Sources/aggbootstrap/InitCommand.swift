// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Planning
import StateStore
import Values

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Bring every node to what the spec says: issue, install, activate and prove.",
        discussion: """
            It changes only what differs: if you run it again, it writes and restarts nothing. It \
            never replaces a CA. If the API server does not become ready with the change, the old files are restored and it \
            is restarted with them.

            Examples:
              aggbootstrap init --root out
              aggbootstrap init --spec cluster.json --dry-run
              aggbootstrap init --spec cluster.json
            """)

    @OptionGroup var spec: SpecOptions
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var change: ChangeOptions
    @OptionGroup var requests: RequestOptions

    func run() async throws {
        try await Console.run(color: output.color, format: output.output) {
            Console.harden()
            let run = try spec.makeRun(
                output.effects, passphrase: passphrase.read(),
                options: .init(includesPending: change.includePending),
                acceptUnhealthy: change.acceptUnhealthy, requestFolder: requests.csrDir
            )
            output.narrator.began(run)
            defer { output.narrator.ended(run) }
            return try await ChangeDialog(output: output, options: change, run: run, words: .initialise)
                .perform(.toSpec(run)).status
        }
    }
}
