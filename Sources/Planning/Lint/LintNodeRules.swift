// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// What is around kube-apiserver on the node: what it sees of the files, kube-proxy, and proxies of its environment.
enum LintNodeRules {
    static let all = [
        LintRule(.hiddenPath) { context in
            hidden(context).map {
                [LintHit(context.commandPlace, ["path": "\($0.path)", "cause": $0.cause])]
            }
                ?? []
        },
        LintRule(.notMounted) { context in
            if let path = context.unit?.unmounted(mounted) {
                return [LintHit(context.commandPlace, ["path": path])]
            }
            guard let container = context.unit?.program?.container else { return [] }
            let mounts = ContainerMounts(container, mayHaveOthers: context.unit?.doubt != nil)
            let hidden = paths(context).first { mounts.shows($0) == false }
            return hidden.map { [LintHit(context.commandPlace, ["path": $0])] } ?? []
        },
        LintRule(.flagOfKubeProxy) { context in
            context.facts.kubeProxies.flatMap { unit in
                unit.flags.occurrences.filter { APIServerFlags.names.contains($0.name) }.map {
                    LintHit(unit.place($0), ["flag": $0.name, "unit": unit.name])
                }
            }
        },
        LintRule(.noKubeProxy) { context in
            guard context.facts.runsKubeProxy == false, context.knowsFlags, !context.given.isEmpty,
                let flags = context.flags,
                !flags.has(APIServerFlags.routingName)
                    || flags.bool(APIServerFlags.routingName) == false
            else { return [] }
            return [LintHit(context.commandPlace, ["flag": APIServerFlags.routingName])]
        },
        LintRule(.proxy) { context in
            guard let found = proxy(context), case .proxied(let text) = found.verdict else { return [] }
            return [LintHit(found.place, ["cause": text])]
        },
        LintRule(.proxyUnsure) { context in
            guard let found = proxy(context), case .unknown(let text) = found.verdict, !found.hasRanges else {
                return []
            }
            return [LintHit(found.place, ["cause": text])]
        },
    ]

    /// Whether kube-apiserver certainly has the node's files under the paths that its flags name.
    static func seesFiles(_ context: LintContext) -> Bool {
        guard let unit = context.unit, unit.hasCommand else { return true }
        if unit.pod != nil { return unit.unmounted(mounted) == nil }
        if let container = unit.program?.container {
            let mounts = ContainerMounts(container, mayHaveOthers: false)
            return paths(context).allSatisfy { mounts.shows($0) == true }
        }
        return hidden(context) == nil
    }

    private static let mounted = LintContext.files + [LintContext.clientCAFlag]

    private static func paths(_ context: LintContext) -> [String] {
        let files =
            LintFileRules.named(context).map(\.file) + [LintFileRules.clientCA(context)].compactMap { $0 }
        return files.map(\.path).filter { !$0.isEmpty }
    }

    private static func hidden(_ context: LintContext) -> (path: String, cause: Message)? {
        guard let unit = context.unit, let command = unit.command, let service = unit.service,
            unit.program?.container == nil
        else { return nil }
        let programs = [CommandProgram(command, service.environment), unit.program].compactMap { $0 }
        let isShell = ShellCommand(command) != nil
        let used = isShell ? programs : Array(programs.prefix(1))
        let root = used.flatMap(\.roots).joined()
        guard !used.contains(where: \.changesFiles), !root.contains(where: { "%$".contains($0) }) else {
            return nil
        }
        let view = service.files.view(of: command)
        for path in paths(context) {
            let (source, layer) = view.source(of: root + path)
            switch source {
            case .node(let source) where source.bytes == FileView.clean(path).bytes: continue
            case .unknown: return nil
            case .node, .other:
                let origin = layer?.origin ?? ""
                return (path, origin.isEmpty ? "the root directory \(root) of its command" : "\(origin)")
            }
        }
        return nil
    }

    private static func proxy(
        _ context: LintContext
    ) -> (verdict: ExtensionReach.Verdict, place: (path: String, line: Int?)?, hasRanges: Bool)? {
        guard let unit = context.unit, let environment = unit.service?.environment, !context.given.isEmpty
        else { return nil }
        let proxies = ProxyEnvironment { environment[$0]?.text }
        guard let variable = proxies.proxy ?? proxies.plainProxy else { return nil }
        let reach = ExtensionReach(proxies, flags: unit.flags, version: context.facts.version)
        return (
            reach.verdict(.unknown("their addresses are not in these files")),
            unit.place(ofVariable: variable),
            proxies.hasRanges
        )
    }
}
