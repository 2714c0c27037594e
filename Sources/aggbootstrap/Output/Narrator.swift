// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Operations
import Planning
import SystemdUnits
import Values

/// With `--verbose`: what is used, what was read and how long each step took, on the standard error.
struct Narrator {
    let isOn: Bool

    func began(_ run: Run) { say(run.origins.map { "\($0)" }) }

    /// What went over the network, node by node.
    func ended(_ run: Run) {
        say(
            run.controlPlanes.traffic.map { name, traffic in
                "\(name): \(traffic.requests) requests over ssh, \(traffic.sent) bytes sent, \(traffic.received) received"
            })
    }

    /// What a plan is made from.
    func read(_ preparation: Preparation) {
        say(Self.lines(preparation.inventory) + preparation.observed.flatMap(Self.lines))
    }

    /// Observes alone.
    func observe(_ run: Run) async throws -> [ObservedNode] {
        let observed = try await timed("observed") { try await run.observeAll() }
        say(observed.flatMap(Self.lines))
        return observed
    }

    /// Runs a step and says how long it took, also where it failed.
    func timed<Value>(_ step: Message, _ body: () async throws -> Value) async rethrows -> Value {
        let begin = ContinuousClock.now
        defer {
            let time = (ContinuousClock.now - begin).components
            say(["\(step) in \(time.seconds * 1000 + time.attoseconds / 1_000_000_000_000_000) ms"])
        }
        return try await body()
    }

    private func say(_ lines: [Message]) {
        if isOn { lines.forEach(Console.progress) }
    }

    // MARK: - What was read

    private static func lines(_ inventory: StateInventory) -> [Message] {
        guard let current = inventory.current else { return ["the state directory holds no CA yet"] }
        let leaves = inventory.leaves.sorted { $0.key < $1.key }
            .map { owner, leaf -> Message in
                let end = leaf.certificate.notAfter.date
                return owner == LeafOwner.shared ? "all nodes until \(end)" : "\(owner) until \(end)"
            }
        return [
            "the state directory holds \(current.certificate.subject), until \(current.certificate.notAfter.date), and certificates "
                + "for \(leaves.isEmpty ? "no node" : leaves.joined(separator: ", "))"
        ]
    }

    private static func lines(_ node: ObservedNode) -> [Message] {
        let observed = [node.ca, node.certificate, node.key, node.flags].filter { !$0.path.isEmpty }
        let files: [Message] = observed.map { "\($0.path) \(words($0))" }
        let base = node.unit?.base.map(\.path) ?? []
        let isExternal = node.unit?.external != nil
        let unit: Message = base.isEmpty ? "unit not known" : "unit \(list: base)"
        var lines = isExternal ? [] : [unit]
        if let live = node.unit?.live, isExternal {
            lines.append(
                live.runningArguments == nil
                    ? "no kube-apiserver runs" : "kube-apiserver is process \(live.mainPID)")
        } else if let live = node.unit?.live {
            let process: Message = live.runningArguments == nil ? "" : ", main process \(live.mainPID)"
            lines.append(
                "systemd says \(live.stateText)\(process)\(live.needDaemonReload ? ", daemon-reload needed" : "")"
            )
        }
        if let server = node.apiServer { lines.append(text(server)) }
        return (lines + files).map { "\(node.name): \($0)" }
    }

    private static func words(_ file: ObservedFile) -> Message {
        switch file.kind {
        case .absent: "absent"
        case .regular: "0\(String(file.mode, radix: 8)) \(file.userID):\(file.groupID)"
        case .directory: "is a directory"
        case .symbolicLink: "is a symbolic link"
        case .other: "is not a plain file"
        }
    }

    private static func text(_ server: ObservedAPIServer) -> Message {
        let readiness: Message =
            switch server.readiness {
            case .ready: "ready"
            case .notReady(let checks): "not ready (\(list: checks))"
            case .hidden(let why): "running, readiness not shown (\(why))"
            case .unseen(let why): "not known (\(why))"
            }
        let names: Message =
            server.loadedCAs.map { "\($0.count) CA names in its handshake" } ?? "no handshake"
        let version: Message = server.version.map { ", version \($0)" } ?? ""
        return "\(server.endpoint) is \(readiness)\(version), \(names)"
    }
}
