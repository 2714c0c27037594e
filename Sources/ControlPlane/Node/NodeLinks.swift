// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import OpenSSL
import Spec
import Synchronization
import SystemdBus
import TLS
import Values

/// The links of a run, made when they are first needed and then kept: one ssh connection for each node.
final class NodeLinks: Sendable {
    private let root: String?
    private let manager: APIServerManager
    private let effects: Effects
    /// A node's link, made under its own lock: of two that want it at once, one connects and the other waits.
    private final class Slot: Sendable {
        let link = Mutex<NodeLink?>(nil)
    }

    private let slots = Mutex<[String: Slot]>([:])
    /// Whether the run was asked to stop: then nothing waits for a node that does not answer.
    private let stop = Mutex<StopRequest?>(nil)
    private let runtime = Mutex<SSHRuntime?>(nil)

    /// - Parameters:
    ///   - root: the directory of offline trees; nil for a live run.
    ///   - manager: what runs the nodes' kube-apiservers.
    init(root: String?, _ manager: APIServerManager, _ effects: Effects) {
        self.root = root
        self.manager = manager
        self.effects = effects
    }

    /// Connections that are made from now on are given up once the run is asked to stop.
    func listen(to request: StopRequest?) { stop.withLock { $0 = request } }

    /// - Throws: where the node cannot be reached.
    func link(_ node: NodeSpec) throws -> NodeLink {
        let slot = slots.withLock { slots in
            let slot = slots[node.name] ?? Slot()
            slots[node.name] = slot
            return slot
        }
        let result = slot.link.withLock { known -> Result<NodeLink, any Error> in
            if let known { return .success(known) }
            return Result {
                let made = try connect(node)
                known = made
                return made
            }
        }
        return try result.get()
    }

    /// The link of a node; nil where it was not needed yet.
    func made(_ node: NodeSpec) -> NodeLink? {
        slots.withLock { $0[node.name] }.flatMap { slot in slot.link.withLock { $0 } }
    }

    private func connect(_ node: NodeSpec) throws -> NodeLink {
        if let link = effects.link { return try link(node) }
        if let root {
            let transport = LocalTransport(root: NodeRoot(prefix: "\(root)/\(node.name)"))
            return NodeLink(node: transport, units: nil, tunnel: nil)
        }
        if node.local {
            let transport = LocalTransport()
            return NodeLink(
                node: transport, units: try units(transport) { try effects.systemBus() }, tunnel: nil)
        }
        guard let destination = SSHDestination(node) else {
            throw BootstrapError(
                "run/no-address", "\(node.name) has no address", hint: "give it one in the spec")
        }
        let stop = stop.withLock { $0 }
        let connection = try SSHConnection(
            destination, runtime: sshRuntime(), isStopped: { stop?.isStopped == true })
        let tunnel = Tunnel { address, port in
            let stream = try connection.openStream(to: address, port: port)
            return TunnelStream(descriptor: stream.descriptor, complaint: stream.complaint)
        }
        let transport = SSHTransport(connection, sha256: { try? Digest.sha256Hex($0) })
        let units = try units(transport) {
            try SystemBus(.descriptor(connection.openBus(), name: node.name))
        }
        return NodeLink(node: transport, units: units, tunnel: tunnel)
    }

    private func units(
        _ node: any NodeTransport, _ bus: () throws -> any UnitManager
    ) throws -> any UnitManager {
        switch manager {
        case .systemd: try bus()
        case .external: ExternalAPIServer(node)
        }
    }

    private func sshRuntime() throws -> SSHRuntime {
        // Under the lock: all nodes share one directory.
        let result = runtime.withLock { known -> Result<SSHRuntime, NodeError> in
            if let known { return .success(known) }
            do throws(NodeError) {
                let made = try SSHRuntime()
                known = made
                return .success(made)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
