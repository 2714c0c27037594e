// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// Whether systemd would run kube-apiserver as its files seem to say.
enum LintUnitRules {
    static let all = [
        LintRule(.noUnit) { context in
            lacksServer(context) && !isCertificatesAlone(context) ? [LintHit()] : []
        },
        LintRule(.waitingFlags) { context in
            // Without a tree the unit may be elsewhere.
            guard context.facts.isWhole else { return [] }
            return context.waiting.map { lost in
                LintHit(lost.place, ["variable": lost.cause, "flags": list(lost.names)])
            }
        },
        LintRule(.staticPod) { context in context.facts.staticPods.map { LintHit($0) } },
        LintRule(.unitUnreadable) { problem($0) { !syntax.contains($0) && $0 != severalCommands } },
        LintRule(.unitSyntax) { problem($0) { syntax.contains($0) } },
        LintRule(.severalCommands) { problem($0) { $0 == severalCommands } },
        LintRule(.strayLine) { context in
            (context.unit?.service?.strayLines ?? []).map { LintHit($0.path, line: $0.line) }
        },
        LintRule(.overridden) { context in
            context.overridden.map { lost in
                LintHit(lost.place, ["by": display(lost.cause, context), "flags": list(lost.names)])
            }
        },
        LintRule(.unusedFlags) { context in
            context.unused.map { lost in
                LintHit(lost.place, ["variable": lost.cause, "flags": list(lost.names)])
            }
        },
        LintRule(.staleDropIn, stale),
        LintRule(.unknownVariable, unknownVariables),
        LintRule(.environmentFileMissing) { context in
            guard let unit = context.unit, unit.isWhole, let service = unit.service else { return [] }
            return service.environment.unread.filter { !$0.optional && $0.hasPlainPath }.map {
                LintHit(JudgedUnit.split($0.place), ["path": $0.path])
            }
        },
        LintRule(.unclearCommand) { context in
            guard let unit = context.unit else { return [] }
            let doubts = unit.doubt.map { [LintHit(context.commandPlace, ["cause": $0])] } ?? []
            return doubts
                + LintContext.files.compactMap { flag in
                    unit.openValue(flag).map { value in
                        let what: Message =
                            unit.pod == nil ? "specifier, which systemd" : "variable, which kubelet"
                        let cause: Message = "--\(flag)=\(value) has a \(what) replaces"
                        return LintHit(context.place(flag), ["cause": cause])
                    }
                }
        },
        LintRule(.notKubeAPIServer) { context in
            guard let unit = context.unit, let command = unit.command, !unit.runsAPIServer, unit.doubt == nil
            else { return [] }
            return [LintHit(context.commandPlace, ["program": command.executable])]
        },
        LintRule(.reloadKills) { context in
            (context.unit?.service?.execReload ?? []).filter { $0.value.contains("HUP") }.map {
                LintHit($0.path, line: $0.line)
            }
        },
    ]

    private static let syntax = [
        UnitErrorCode.badSyntax.rawValue, UnitErrorCode.unreadableText.rawValue,
    ]
    private static let severalCommands = UnitErrorCode.severalCommands.rawValue

    /// Whether nothing of the tree says how kube-apiserver is started.
    private static func lacksServer(_ context: LintContext) -> Bool {
        let facts = context.facts
        guard facts.isWhole, facts.unitProblem == nil, facts.staticPods.isEmpty else { return false }
        let isThere = facts.unit.map { !$0.isWaiting } ?? false
        return !isThere && context.waiting.isEmpty
    }

    /// Whether the tree is for a kube-apiserver that systemd does not run: certificates, and nothing of systemd.
    static func isCertificatesAlone(_ context: LintContext) -> Bool {
        let facts = context.facts
        return lacksServer(context) && !facts.hasSystemd
            && [facts.ca, facts.certificate, facts.key].contains { $0.content != .absent }
    }

    static func list(_ names: [String]) -> String { names.map { "--\($0)" }.joined(separator: ", ") }

    /// `PATH:LINE` of the node as it can be opened here.
    private static func display(_ place: String, _ context: LintContext) -> String {
        let (path, line) = JudgedUnit.split(place)
        return context.facts.display(path) + (line.map { ":\($0)" } ?? "")
    }

    private static func problem(_ context: LintContext, _ isMeant: (String) -> Bool) -> [LintHit] {
        if let problem = context.facts.unitProblem {
            guard isMeant(problem.code) else { return [] }
            return [LintHit(nil, ["cause": problem.message, "hint": problem.hint])]
        }
        guard let unit = context.unit, !unit.isWaiting, let problem = unit.problem,
            isMeant(problem.code.rawValue)
        else { return [] }
        let subject = problem.subject.description
        let path = subject.isAbsolutePath ? subject : unit.sources.first?.path
        return [
            LintHit(path, line: problem.line, ["cause": problem.underlying, "hint": problem.hint ?? ""])
        ]
    }

    /// The command was taken from a file that has changed since.
    private static func stale(_ context: LintContext) -> [LintHit] {
        guard let unit = context.unit, let path = unit.command?.path,
            let text = unit.sources.last(where: { $0.path == path }),
            text.fileName == UnitPaths.dropInName, let base = RecordedBase(text),
            let index = unit.sources.firstIndex(where: { $0.path == base.path }), index < unit.digests.count,
            unit.digests[index] != base.digest
        else { return [] }
        return [LintHit(path, ["base": context.facts.display(base.path)])]
    }

    private static func unknownVariables(_ context: LintContext) -> [LintHit] {
        // Without the unit's own file its variables are not known.
        guard let unit = context.unit, unit.hasFragment, let command = unit.command,
            let service = unit.service
        else { return [] }
        return command.words.indices.flatMap { index -> [LintHit] in
            let names: [String]
            switch command.words[index].expansion {
            case .none: return []
            case .split(let name): names = [name]
            case .embedded(let found): names = found
            }
            let unknown = names.filter {
                service.environment[$0] == nil && service.environment.unseen(for: $0).isEmpty
            }
            return unknown.map {
                LintHit(command.path, line: command.line(ofWord: index), ["variable": $0])
            }
        }
    }
}
