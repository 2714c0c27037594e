// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Planning
import StateStore
import Values

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Restore what the last change of each node replaced: files, flags and unit.",
        discussion: """
            Every node keeps the files that its last change replaced. rollback restores their content, mode and owner, and \
            removes files that did not exist before. It works like init: it shows a plan, restarts one control plane at a \
            time, and undoes the rollback of a node whose API server does not become ready. A CA that was dropped as \
            compromised never comes back.

            A node that is rolled back already is not changed while others are not. If all are, rollback makes the change \
            again. The next init brings every node to what the spec says.

            Examples:
              aggbootstrap rollback --dry-run
              aggbootstrap rollback --limit master-2
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
            defer { output.narrator.ended(run) }
            return try await ChangeDialog(output: output, options: change, run: run, words: .rollback)
                .perform(.back(run)).status
        }
    }
}
