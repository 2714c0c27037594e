// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ControlPlane
import Operations
import Secrets
import Values

struct StateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state",
        abstract: "Show the state directory, or move it: one encrypted file from one machine to another.",
        subcommands: [StateShowCommand.self, StateExportCommand.self, StateImportCommand.self])
}

/// Which state directory.
struct StateOptions: ParsableArguments {
    @Option(
        name: .customLong("spec"), help: SpecOptions.specHelp, completion: .file(extensions: ["json"]))
    var spec: String?

    @Option(
        help: ArgumentHelp(
            "Where the nodes' files are, if the state directory is DIR/.state.", valueName: "dir"),
        completion: .directory)
    var root: String?

    @Option(
        help: ArgumentHelp(
            "The state directory with the CA and its keys.",
            discussion:
                "Default: $AGGBOOTSTRAP_STATE, else with --root DIR/.state, else stateDirectory of the spec, else "
                + "/var/lib/aggbootstrap/<cluster> as root, else below $XDG_STATE_HOME.", valueName: "dir"),
        completion: .directory)
    var state: String?

    func makeRun(
        _ effects: Effects, passphrase: SecretBytes? = nil, needs: RootNeed = .directory
    ) throws -> Run {
        var request = RunRequest(specFile: spec, root: root, state: state, passphrase: passphrase)
        request.needs = needs
        return try Run(NextCommand.about(request), effects: effects)
    }
}

struct StateShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what the state directory holds, without its secrets; no node is asked.",
        discussion: """
            It needs no passphrase and changes nothing.

            Examples:
              aggbootstrap state show
              aggbootstrap state show --state /mnt/backup/state -o json
            """)

    @OptionGroup var options: StateOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Console.run(color: output.color, format: output.output) {
            let run = try options.makeRun(output.effects)
            output.narrator.began(run)
            defer { output.narrator.ended(run) }
            let report = try StateReport(run)
            switch output.output {
            case .text: Console.print(report.lines, color: output.color)
            case .json: Console.json(try JSONText.of(StateDocument(report)))
            }
            return .done
        }
    }
}
