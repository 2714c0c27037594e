// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// What the unit's command must be before flags are added to it.
extension NodePlanner {
    /// Refuses a command that runs something else than kube-apiserver, or one whose arguments are not all known.
    ///
    /// - Returns: whether flags that are added to it may reach kube-apiserver.
    mutating func checkCommand() -> Bool {
        guard let unit = node.unit else { return true }
        noteStrayLines(unit)
        // A whole unit is made of the spec alone, and what cannot be read is refused where it is rendered.
        if case .unit = target { return true }
        guard
            let service = try? EffectiveService(
                unit: unitName, sources: unit.base, environmentFiles: unit.environmentFiles),
            let command = try? service.command(unit: unitName)
        else { return true }
        // Behind a shell it is the shell that puts variables in.
        let expansion =
            ShellCommand(command)?.expand(service.environment)
            ?? command.expand(environment: service.environment)
        let unseen = expansion.unseenFlags.filter(hidesArguments)
        checkUnseen(unseen)
        let count = refusals.count
        checkProgram(command, service, isKnown: unseen.isEmpty)
        return !refusals[count...].contains { Self.unreached.contains($0.code) }
    }

    /// Codes of commands that no flags reach kube-apiserver by.
    private static let unreached: Set<String> = ["plan/not-kube-apiserver", "plan/container-start"]

    private mutating func checkProgram(_ command: ExecCommand, _ service: EffectiveService, isKnown: Bool) {
        let shell = ShellCommand(command)
        let outer = CommandProgram(command, service.environment)
        let program = shell?.program ?? outer
        // An operator who writes $AGGREGATION_FLAGS into a command says what it does with them.
        let isOperators = command.words.map(\.expansion).contains(.split(APIServerFlags.variable))
        if case .container(let name) = program.kind {
            checkContainer(command, service, program, name)
        } else if program.kind == .apiServer || isOperators {
            checkFiles(command, service, shell == nil ? [outer] : [outer, program])
        }
        let place = "\(command.executable) (\(command.place))"
        if case .closedContainer(let name) = program.kind, isKnown { return refuseClosed(place, name) }
        if isOperators { return }
        switch program.kind {
        case .container, .closedContainer: return
        case .apiServer:
            guard let wrapper = program.unknownWrapper else { return }
            notice(
                "plan/unknown-wrapper",
                "\(unitName) runs kube-apiserver through \(wrapper), which aggbootstrap does not know "
                    + "(\(command.place)): it must pass on its arguments unchanged")
        case .startedContainer(let name): refuseStart(place, name)
        case .distribution(let name):
            refuse(
                "plan/not-kube-apiserver",
                "\(unitName) runs \(place), which contains kube-apiserver and does not accept its flags",
                "\(name) turns on the aggregation layer by itself; put other flags into kube-apiserver-arg of "
                    + "/etc/rancher/\(name)/config.yaml")
        case .other:
            // A shell has a refusal of its own, and an unknown variable may be the program.
            guard isKnown, !AggregationFlagScan.runsShell(command) else { return }
            refuseProgram(command, service, program, place)
        }
    }

    private mutating func refuseProgram(
        _ command: ExecCommand, _ service: EffectiveService, _ program: CommandProgram, _ place: String
    ) {
        let words = command.expand(environment: service.environment).arguments.map(\.pattern.description)
        let isBehind = program.program > 0 && program.program < words.count
        let what: Message =
            isBehind
            ? "and the program that it runs is \(words[program.program]), not kube-apiserver"
            : "which is neither kube-apiserver nor a program known to run it with its arguments"
        refuse(
            "plan/not-kube-apiserver", "\(unitName) runs \(place), \(what)",
            "set apiServer.unit to the unit that runs kube-apiserver, or give its file with --base-unit; for a "
                + "script that passes on its arguments, write $\(APIServerFlags.variable) as the last word of ExecStart="
        )
    }

    private mutating func refuseClosed(_ place: String, _ name: String) {
        let isRkt = name == "rkt"
        refuse(
            "plan/not-kube-apiserver",
            "\(unitName) runs \(place), which would take the flags for itself: "
                + (isRkt
                    ? "it gives the container only what follows --, and there is no --"
                    : "the container's name is missing behind the image"),
            isRkt
                ? "write -- as the last word of ExecStart="
                : "write the container's name behind the image in ExecStart="
        )
    }

    private mutating func refuseStart(_ place: String, _ name: String) {
        let isBundle = ["runc", "crun"].contains(name)
        refuse(
            "plan/container-start",
            "\(unitName) runs \(place), which starts an existing container: its kube-apiserver has the "
                + "arguments of that container, not those of the unit",
            isBundle
                ? "add the flags to process.args in the bundle's config.json"
                : "let the unit create the container with `\(name) run`, or add the flags to the command that creates it"
        )
    }

    /// On a running node an optional file that is not there is absent; a tree need not have everything that its node has.
    private func hidesArguments(_ source: ServiceEnvironment.Unseen) -> Bool {
        source.mayHoldArguments || node.access == .offline
    }

    /// Aggregation flags in a variable whose file is not known would be passed twice, or wiped.
    private mutating func checkUnseen(_ sources: [ServiceEnvironment.Unseen]) {
        for source in sources {
            refuse(
                "plan/unseen-variable",
                "\(unitName) takes arguments from \(source), which cannot be read here: flags in it would be lost or "
                    + "passed twice", unseenHint(source))
        }
    }

    private func unseenHint(_ source: ServiceEnvironment.Unseen) -> Message {
        switch source.source {
        case .manager(let variable):
            return "set \(variable) in an environment file of the unit, and remove it from PassEnvironment="
        case .file(let file) where !file.hasPlainPath:
            return "write the file's name in \(file.place) without wildcards and specifiers"
        case .file(let file) where node.access == .offline:
            let tree = "\(options.root ?? "DIR")/\(node.name)\(file.path)"
            let absent: Message = file.optional ? " (an empty file if the node has none)" : ""
            return "copy it from the node to \(tree), or give it with --base-file \(file.path)=FILE\(absent)"
        case .file(let file):
            return "restore \(file.path): systemd does not start the unit without it"
        }
    }

    /// A backslash with a blank behind it does not continue a line: the flags below it are no part of the command.
    private mutating func noteStrayLines(_ unit: ObservedUnit) {
        for source in unit.base {
            guard let file = try? UnitFile.parse(source), let first = file.strayLines.first else { continue }
            let more: Message = file.strayLines.count > 1 ? " and \(file.strayLines.count - 1) more" : ""
            notice(
                "plan/stray-line",
                "\(source.path):\(first)\(more) begins with -- and belongs to no setting: systemd ignores it; check "
                    + "that the line before ends with a backslash and nothing after it")
        }
    }
}
