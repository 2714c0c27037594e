// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ControlPlane
import Operations
import Spec
import Values

/// Which cluster's schedule; its spec may be gone.
struct ScheduleOptions: ParsableArguments {
    @Option(
        name: .customLong("spec"), help: SpecOptions.specHelp, completion: .file(extensions: ["json"]))
    var spec: String?

    @Option(help: ArgumentHelp("The cluster's name, if you do not have its spec.", valueName: "name"))
    var cluster: String?

    func validate() throws {
        if spec != nil && cluster != nil {
            throw UsageError.validation("--spec and --cluster are both given")
        }
    }

    func schedule(_ effects: Effects) throws -> Schedule {
        if let cluster { return try Schedule(named: cluster, effects: effects) }
        let run = try Run(NextCommand.about(RunRequest(specFile: spec)), effects: effects)
        return Schedule(cluster: run.spec.cluster, effects: effects)
    }
}

struct ScheduleShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what is installed for a cluster, when it runs next, and how it last ended.",
        discussion: """
            Examples:
              aggbootstrap schedule show
              aggbootstrap schedule show --cluster shanghai -o json
            """)

    @OptionGroup var options: ScheduleOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Console.run(color: output.color, format: output.output) {
            let status = try options.schedule(output.effects).status()
            switch output.output {
            case .text: Console.print(ScheduleReport(status).lines, color: output.color)
            case .json: Console.json(try ScheduleDocument(status).json())
            }
            return .done
        }
    }
}

struct ScheduleRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Stop and disable a cluster's timer, and remove the units that install wrote.",
        discussion: """
            A run in progress continues. If nothing is installed, nothing is done.

            Examples:
              aggbootstrap schedule remove
              aggbootstrap schedule remove --cluster shanghai
            """)

    @OptionGroup var options: ScheduleOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Console.run(color: output.color, format: output.output) {
            try Schedule.checkRoot()
            let schedule = try options.schedule(output.effects)
            let done = try schedule.remove()
            switch output.output {
            case .text:
                Console.print(
                    done.isEmpty
                        ? ["nothing to remove: \(schedule.timerName) is not installed"] : done.map(\.text),
                    color: output.color)
            case .json: Console.json(try ScheduleDocument(schedule.status(), done: done).json())
            }
            return .done
        }
    }
}
