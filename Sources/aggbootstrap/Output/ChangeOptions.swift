// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What every command that changes nodes takes.
struct ChangeOptions: ParsableArguments {
    @Flag(help: "Show what would be done, and change nothing.")
    var dryRun = false

    @Flag(help: "Do not ask before a live change.")
    var yes = false

    @Flag(help: "Fail with status 4 if a proof cannot be made.")
    var requireProof = false

    @Option(
        help: ArgumentHelp(
            "Restart other control planes even if this one is not ready; repeatable.", valueName: "node"),
        completion: Completions.nodes)
    var acceptUnhealthy: [String] = []

    @Flag(help: "Restart even if that activates changes of the unit that aggbootstrap did not make.")
    var includePending = false
}
