// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// Why a node must not be changed.
extension NodePlanner {
    /// What a restart would activate that is not ours.
    mutating func checkPending(_ unit: ObservedUnit, _ live: LiveUnit) throws(UnitError) {
        guard !isOurInterruption else { return }
        var pending: [Message] = []
        if live.needDaemonReload {
            pending.append("files of the unit were changed and not loaded (daemon-reload)")
        }
        var sources = unit.base
        if let own = node.flags.content, node.flags.path == UnitPaths.dropIn(of: unitName) {
            sources.append(try UnitText(path: node.flags.path, bytes: own))
        }
        let service = try EffectiveService(
            unit: unitName, sources: sources, environmentFiles: unit.environmentFiles)
        if let running = live.runningArguments {
            let comparison = try service.command(unit: unitName).matchesRunning(
                argv: running, environment: service.environment, scope: .withoutAggregationFlags)
            pending += Self.words(comparison.differences).map { "its command line \($0)" }
            pending += comparison.unseen.filter(\.mayHoldArguments).map { "unknown arguments from \($0)" }
        }
        guard !pending.isEmpty else { return }
        let text: Message =
            "\(unitName) has changes that are not in effect yet, and a restart would activate them too: "
            + pending.joined(separator: "; ")
        if options.includesPending {
            notice("plan/pending-changes", text)
        } else {
            refuse(
                "plan/pending-changes", text,
                "look at the changes; activate or undo them first, or run it again with --include-pending")
        }
    }

    /// A file of the unit that is read after ours can replace the command or the variable: each run would then restart
    /// the API server, and none would give it the flags.
    mutating func checkOverridden(_ rendered: RenderedUnit) throws(UnitError) {
        guard let unit = node.unit else { return }
        let service = try EffectiveService(
            unit: unitName, sources: finalSources(unit, rendered),
            environmentFiles: finalEnvironmentFiles(unit, rendered))
        let command = try service.command(unit: unitName)
        let arguments = service.arguments(of: command)
        guard !APIServerFlags(spec: spec).areExactlyIn(arguments) else { return }
        refuse(
            "plan/overridden",
            "\(unitName) would run without the spec's flags: its command comes from \(command.place)",
            "remove ExecStart= from that file, or set apiServer.flagsIn to dropIn to merge the flags into it"
        )
    }

    /// Where no kube-proxy runs beside the API server, no aggregated API is reached any more without this flag.
    mutating func checkRouting() throws(UnitError) {
        guard !spec.apiServer.decidesRouting, let unit = node.unit else { return }
        let service = try EffectiveService(
            unit: unitName, sources: unit.base, environmentFiles: unit.environmentFiles)
        guard let command = try? service.command(unit: unitName) else { return }
        let flags = EffectiveFlags.parse(commandLine: service.arguments(of: command))
        guard flags.bool(APIServerFlags.routingName) == true else { return }
        refuse(
            "plan/routing",
            "\(unitName) has --\(APIServerFlags.routingName)=true, and the spec does not mention it",
            "set apiServer.aggregatorRouting to true to keep it; false removes it, and if no kube-proxy runs on the "
                + "control planes, no extension API can then be reached")
    }

    /// How far a node's clock may be from ours; seconds. Certificates begin five minutes before they are issued.
    static var clockTolerance: Int64 { 240 }

    mutating func checkClock() {
        guard abs(node.clockOffset) > Self.clockTolerance else { return }
        let direction: Message = node.clockOffset > 0 ? "ahead of" : "behind"
        refuse(
            "plan/clock", "its clock is \(abs(node.clockOffset)) s \(direction) this machine's",
            "correct both clocks (chronyc tracking, timedatectl): a certificate that is issued now could be "
                + "not valid yet there, or end at another time than planned")
    }

    mutating func checkReadiness() {
        let hint: Message =
            "run systemctl status \(unitName) to see why; aggbootstrap restarts it only if it can see the effect"
        guard let server = node.apiServer else {
            return refuse("plan/readiness-unseen", "cannot see whether kube-apiserver is ready", hint)
        }
        switch server.readiness {
        case .ready, .hidden: return
        case .notReady(let checks):
            refuse(
                "plan/not-ready",
                "kube-apiserver at \(server.endpoint) is not ready before any change: \(list: checks)",
                "fix that first; a restart now could make it worse")
        case .unseen(let why):
            refuse(
                "plan/readiness-unseen",
                "cannot see whether kube-apiserver at \(server.endpoint) is ready: \(why)", hint)
        }
    }

    /// A path that is something else than a plain file or directory is not followed and not replaced.
    mutating func checkTargets() {
        if ![.directory, .absent].contains(node.directory.kind) {
            let what: Message = node.directory.kind == .symbolicLink ? "a symbolic link" : "not a directory"
            refuse(
                "plan/target-kind", "\(node.directory.path) is \(what)",
                "make certificates.directory a real directory: kube-apiserver never notices a changed link"
            )
        }
        // A unit that is not written may be a link.
        for file in [node.ca, node.certificate, node.key] + (isKept ? [] : [node.flags])
        where ![.regular, .absent].contains(file.kind) {
            refuse(
                "plan/target-kind",
                "\(file.path) is \(file.kind == .symbolicLink ? "a symbolic link" : "not a plain file")",
                "move it away; files are written as real files in their own directory")
        }
    }

    /// kubernetes.io: with one CA for clients and requestheader, any client certificate could claim any user.
    mutating func checkSharedKey() {
        // A rotation leads out of it: what is planned then is how.
        guard let clientCA = node.clientCA, options.stage == nil else { return }
        let keys = Set(clientCA.certificates.map(\.publicKeySHA256))
        for bundle in node.requestHeaderCAs {
            guard let shared = bundle.certificates.first(where: { keys.contains($0.publicKeySHA256) }) else {
                continue
            }
            refuse(
                "plan/shared-ca",
                "\(bundle.path) and the client CA \(clientCA.path) have the same key (\(shared.subject)): anyone with a "
                    + "client certificate could act as any user",
                "run aggbootstrap rotate --ca, which leads to a CA of its own; never remove the shared one from the client CA's "
                    + "file while kubelets and users have certificates of it")
        }
    }

    /// A leaf under a name that the running API server does not allow would be refused until the restart.
    mutating func checkLeafName(_ live: LiveUnit) {
        // A stage that brings no new certificate brings no new name.
        if let stage = options.stage, stage.signing == nil { return }
        guard let running = live.runningArguments, let installed = node.installedLeaf?.commonName else {
            return
        }
        let flags = EffectiveFlags.parse(commandLine: running)
        guard flags.has("proxy-client-cert-file"), let allowed = flags.list("requestheader-allowed-names"),
            !allowed.isEmpty
        else { return }
        let wanted = spec.certificates.proxyClient.commonName
        guard wanted.bytes != installed.bytes, !allowed.containsBytes(wanted) else { return }
        refuse(
            "plan/name-not-allowed-yet",
            "the proxy client certificate would have the name \(wanted), but the running kube-apiserver allows only "
                + allowed.joined(separator: ", "),
            "add both names to requestHeader.allowedNames and run init; change proxyClient.commonName after that"
        )
    }

    mutating func refuse(_ code: String, _ message: Message, _ hint: Message) {
        refusals.append(Refusal(code: code, node: node.name, message: message, hint: hint))
    }

    mutating func notice(_ code: String, _ message: Message, _ details: [Message] = []) {
        notices.append(Notice(code: code, node: node.name, message: message, details: details))
    }
}
