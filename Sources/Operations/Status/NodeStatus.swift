// SPDX-License-Identifier: Apache-2.0

import Planning
import Spec
import SystemdUnits
import Values

/// One control plane: its files, its API server, and what differs from the spec.
package struct NodeStatus: Sendable, Equatable {
    package let name: String
    /// Why it could not be read; nil where it could.
    package let problem: Problem?
    package let certificates: [Installed]
    /// The CA, the proxy client certificate, its key, and what holds the flags.
    package let files: [ObservedFile]
    /// The aggregation layer's flags; nil where they are not known.
    package let flags: Flags?
    /// systemd's words, for example `active/running`; nil offline and where the unit is not known.
    package let unit: String?
    package let server: ObservedAPIServer?
    /// Whether the API server has loaded the CAs that lie in its file.
    package let loaded: Loaded
    /// When its main process started; nil where that is not known.
    package let startedAt: UnixTime?
    /// When the certificate ends that the process made for its connections to itself; nil where its start is not known.
    ///
    /// It is in memory and ends a year after the start, 14 months from 1.33 on (kubernetes/kubernetes#86552): a restart makes
    /// another one.
    package let loopbackEnds: UnixTime?
    /// Seconds by which its clock is ahead.
    package let clockOffset: Int64
    /// What differs; empty where the node is as the spec says.
    package let drift: [Drift]
    /// What to know besides, for example of a proxy that would break the aggregator.
    package let notices: [Notice]

    package struct Problem: Sendable, Equatable {
        package let code: String
        package let message: Message
        package let hint: Message?
    }

    /// A certificate that lies on the node.
    package struct Installed: Sendable, Equatable {
        package enum Role: String, Sendable {
            case ca
            case proxyClient
        }

        package let role: Role
        package let path: String
        package let certificate: CertificateSummary
    }

    package enum Loaded: Sendable, Equatable {
        case yes
        /// Subjects of the CAs in the file that its TLS handshake does not name.
        case missing([String])
        case unknown(Blindness)
    }

    /// Why it is not known what an API server has loaded.
    package enum Blindness: Sendable, Equatable, CaseIterable {
        case nodeNotRead
        case offline
        case noServer
        case noHandshake
        /// The CA file holds no certificate.
        case noCertificate
    }

    /// Something that `init` would change, or that keeps it from changing anything.
    package enum Drift: Sendable, Equatable {
        case directory(String)
        case file(String, FileChange.Action)
        /// systemd has not read the unit's files again.
        case daemonReload
        case restart(because: Message)
        /// A change was interrupted.
        case openChange
        /// `init` would be refused, in the words of the refusal.
        case refused(code: String, message: Message, hint: Message)

        /// Stable; for example `drift/file`.
        package var code: String {
            switch self {
            case .directory: "drift/directory"
            case .file: "drift/file"
            case .daemonReload: "drift/daemon-reload"
            case .restart: "drift/restart"
            case .openChange: "drift/open-change"
            case .refused(let code, _, _): code
            }
        }

        /// What to do about it; nil where `init` does it.
        package var hint: Message? {
            switch self {
            case .refused(_, _, let hint): hint
            case .openChange: "run the command that was interrupted again: it finishes or undoes the change"
            case .directory, .file, .daemonReload, .restart: nil
            }
        }

        /// The file or directory that differs; nil where it is no file.
        package var path: String? {
            switch self {
            case .directory(let path), .file(let path, _): path
            case .daemonReload, .restart, .openChange, .refused: nil
            }
        }
    }

    /// Flags that are in effect.
    package struct Flags: Sendable, Equatable {
        package enum Source: String, Sendable {
            /// The running process has them.
            case process
            /// The unit's files say them; no process runs, or it is not seen.
            case files
        }

        /// `--name=value` each, as they are given.
        package let arguments: [String]
        package let source: Source
        /// The file that the spec puts them into; nil where it is not there.
        package let path: String?
    }

    /// Whether nothing of the layer is there, and `init` would turn it on: before the first one, and after an `uninstall`.
    package var isOff: Bool {
        let keepsItOff = drift.contains { drift in
            switch drift {
            case .openChange, .refused: true
            case .directory, .file, .daemonReload, .restart: false
            }
        }
        return problem == nil && certificates.isEmpty && flags?.arguments.isEmpty == true && !drift.isEmpty
            && !keepsItOff
    }

    /// Whether systemd says that kube-apiserver does not run.
    package var isDown: Bool { problem == nil && server == nil && unit?.hasPrefix("active") == false }

    package var differs: Bool {
        if case .missing = loaded { return true }
        return problem != nil || !drift.isEmpty
    }
}

extension NodeStatus {
    /// A node that could not be read.
    init(_ node: NodeSpec, _ error: BootstrapError) {
        self.init(
            name: node.name, problem: Problem(code: error.code, message: error.message, hint: error.hint),
            certificates: [], files: [], flags: nil, unit: nil, server: nil,
            loaded: .unknown(.nodeNotRead),
            startedAt: nil, loopbackEnds: nil, clockOffset: 0, drift: [], notices: [])
    }

    /// - Parameters:
    ///   - plan: what `init` would do, of which this node's part is the drift.
    ///   - unit: the name of the API server's unit.
    init(_ node: ObservedNode, _ plan: Plan, unit: String) {
        let bundle = node.requestHeaderCAs.first { $0.path.bytes == node.ca.path.bytes }
        let live = node.unit?.live
        let cas = (bundle?.certificates ?? []).map {
            Installed(role: .ca, path: node.ca.path, certificate: $0)
        }
        let leaf = node.installedLeaf.map {
            Installed(role: .proxyClient, path: node.certificate.path, certificate: $0)
        }
        self.init(
            name: node.name, problem: nil, certificates: cas + (leaf.map { [$0] } ?? []),
            files: [node.ca, node.certificate, node.key, node.flags].filter { !$0.path.isEmpty },
            flags: Self.flags(node, unit: unit),
            unit: live?.stateText, server: node.apiServer,
            loaded: Self.loaded(bundle, node), startedAt: live?.startedAt,
            loopbackEnds: Self.loopbackEnds(live?.startedAt, node.apiServer?.version),
            clockOffset: node.clockOffset,
            drift: Self.drift(node, plan), notices: plan.notices.filter { $0.node == node.name })
    }

    private static func loaded(_ bundle: ObservedBundle?, _ node: ObservedNode) -> Loaded {
        guard node.access == .live else { return .unknown(.offline) }
        guard let server = node.apiServer else { return .unknown(.noServer) }
        guard let names = server.loadedCAs?.map(\.der) else { return .unknown(.noHandshake) }
        guard let bundle, !bundle.certificates.isEmpty else { return .unknown(.noCertificate) }
        let missing = bundle.certificates.filter { !names.contains($0.subjectDER) }
        return missing.isEmpty ? .yes : .missing(missing.map(\.subject))
    }

    private static func flags(_ node: ObservedNode, unit: String) -> Flags? {
        let path = node.flags.kind == .regular ? node.flags.path : nil
        if let running = node.unit?.live?.runningArguments {
            return Flags(arguments: own(.parse(commandLine: running)), source: .process, path: path)
        }
        guard let sources = try? UnitSources.current(node, unit: unit),
            let service = try? EffectiveService(
                unit: unit, sources: sources, environmentFiles: node.unit?.environmentFiles ?? [:]),
            let command = try? service.command(unit: unit)
        else { return nil }
        let arguments = service.arguments(of: command)
        return Flags(arguments: own(.parse(arguments: arguments)), source: .files, path: path)
    }

    private static func own(_ flags: EffectiveFlags) -> [String] {
        flags.occurrences.filter { APIServerFlags.names.contains($0.name) }
            .map { "--\($0.name)" + ($0.value.map { "=\($0)" } ?? "") }
    }

    private static func loopbackEnds(_ start: UnixTime?, _ version: KubernetesVersion?) -> UnixTime? {
        let isLong = version.map { $0 >= KubernetesVersion(major: 1, minor: 33) } ?? false
        return start?.advanced(bySeconds: (isLong ? 420 : 365) * 86_400)
    }

    private static func drift(_ node: ObservedNode, _ plan: Plan) -> [Drift] {
        guard let change = plan.nodes.first(where: { $0.name == node.name }) else { return [] }
        var drift: [Drift] = []
        if change.makesDirectory { drift.append(.directory(node.directory.path)) }
        drift += change.files.map { .file($0.path, $0.action) }
        if change.daemonReload, change.files.isEmpty { drift.append(.daemonReload) }
        if case .needed(let why) = change.restart { drift.append(.restart(because: why)) }
        if change.finishesTransaction { drift.append(.openChange) }
        return drift
            + plan.refusals.filter { $0.node == node.name }
            .map { .refused(code: $0.code, message: $0.message, hint: $0.hint) }
    }
}
