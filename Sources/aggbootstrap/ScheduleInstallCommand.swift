// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Secrets
import Spec
import StateStore
import SystemdUnits
import Values

struct ScheduleInstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Write the service and the timer of a cluster, and turn the timer on.",
        discussion: """
            The service runs `rotate --if-due --yes` with the options given here, as root in a sandbox: it may only change \
            files in the state directory, and on a control plane those that a rotation changes. If you run it again with the \
            same options, nothing changes; with others, the units are written again. This program, the spec and the \
            state directory must stay where they are.

            It is refused on a control plane of the spec, because the CA's key does not belong there, unless that node is \
            marked as local.

            Examples:
              aggbootstrap schedule install --spec /etc/aggbootstrap/cluster.json
            """)

    @Option(
        name: .customLong("spec"), help: SpecOptions.specHelp, completion: .file(extensions: ["json"]))
    var spec: String?

    @Option(
        help: ArgumentHelp(
            "The state directory with the CA and its keys.",
            discussion:
                "Default: $AGGBOOTSTRAP_STATE, else stateDirectory of the spec at each run, else /var/lib/aggbootstrap/<cluster>.",
            valueName: "dir"), completion: .directory)
    var state: String?

    @Option(
        help: ArgumentHelp(
            "When it runs, in the form of systemd.time(7); it starts up to an hour later.",
            valueName: "calendar"))
    var onCalendar = "daily"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Only what ends within this time is due (720h, 30d, 1y).",
            discussion: "Default: what is over two thirds of its lifetime.", valueName: "duration"),
        transform: OptionValue.renewBefore)
    var renewBefore: RenewBefore?

    @Option(
        help: ArgumentHelp(
            "A file with the passphrase of the private keys in the state directory; the service gets it as a credential.",
            discussion: "Default: $AGGBOOTSTRAP_PASSPHRASE_FILE.", valueName: "file"), completion: .file())
    var passphraseFile: String?

    @OptionGroup(title: GateOptions.title) var gates: GateOptions

    @Flag(help: "Show the units, and change nothing.")
    var dryRun = false

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Console.run(color: output.color, format: output.output) {
            Console.harden()
            if !dryRun { try Schedule.checkRoot() }
            _ = try gates.witness()
            let source = try PassphraseSource.find(file: passphraseFile, descriptor: nil)
            let passphrase = try source?.read()
            let effects = output.effects
            let run = try Run(
                NextCommand.about(RunRequest(specFile: spec, state: state, passphrase: passphrase)),
                effects: effects)
            let request = ScheduleRequest(
                renewBefore: renewBefore.map { ($0.text, $0.seconds) },
                arguments: gates.arguments,
                calendar: onCalendar, passphraseFile: source?.file, namesState: state != nil)
            let units = try await request.units(run)
            let notice = ScheduleReport.notice(run)
            if let notice, output.output == .text { Console.notes(["note: \(notice)"]) }
            try request.checkState(run)
            if dryRun {
                try show(units, notice)
                return .done
            }
            let schedule = Schedule(cluster: run.spec.cluster, effects: effects)
            let done = try await schedule.install(units)
            let status = try schedule.status()
            switch output.output {
            case .text:
                let lines: [Message] =
                    done.isEmpty
                    ? ["nothing to change: \(schedule.timerName) is installed"] : done.map(\.text)
                Console.print(lines + [ScheduleReport(status).next], color: output.color)
            case .json: Console.json(try ScheduleDocument(status, done: done, notice: notice).json())
            }
            return .done
        }
    }

    private func show(_ units: ScheduleUnits, _ notice: Message?) throws {
        switch output.output {
        case .text:
            Console.document("\(units.service.path):\n\n\(units.service.text)\n")
            Console.document("\(units.timer.path):\n\n\(units.timer.text)")
        case .json: Console.json(try ScheduleUnitsDocument(units, notice: notice).json())
        }
    }
}
