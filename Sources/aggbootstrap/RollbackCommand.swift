// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Planning
import StateStore
import Values

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
            return try await ChangeDialog(output: output, options: change, run: run, words: .rollback)
                .perform(.back(run)).status
        }
    }
}
