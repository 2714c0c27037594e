// SPDX-License-Identifier: Apache-2.0

import ClusterPlan
import NodeAccess
import PKI
import SystemdBus

/// What was found and what is to be done about it.
package struct Preparation: Sendable {
    package let inventory: StateInventory
    package let observed: [ObservedNode]
    package internal(set) var plan: Plan
    /// Control planes that the run leaves alone, seen where another one is to be restarted.
    let peers: [Peer]
    /// What a roll-back goes back to; nil where the spec says what is wanted.
    var rollback: RollbackPlanner.Result?

    struct Peer: Sendable {
        let name: String
        let health: ControlPlaneHealth
        let isReached: Bool
    }

    /// Whether it is a roll-back, and not what the spec asks for.
    package var isRollback: Bool { rollback != nil }

    /// Whether it takes an earlier roll-back back.
    package var goesForward: Bool { rollback?.direction == .forward }

    /// The first refusal as an error; nil where the plan may be applied.
    package var refusal: BootstrapError? {
        guard let first = plan.refusals.first else { return nil }
        let others = plan.refusals.dropFirst().map { "\(Self.prefix($0))\($0.message)" }
        return BootstrapError(
            first.code, Self.prefix(first) + first.message, hint: first.hint, details: others)
    }

    private static func prefix(_ refusal: Refusal) -> String { refusal.node.map { "\($0): " } ?? "" }
}

extension Run {
    /// Observes every node and plans; changes nothing.
    package func prepare() async throws -> Preparation {
        let inventory = try readState()
        let observed = try await observe()
        var plan = Planner.plan(
            spec, inventory: inventory, nodes: observed, now: effects.now(), options: request.options)
        try checkKeys(of: plan, inventory, observed)
        let peers = try await complete(&plan, observed)
        return Preparation(inventory: inventory, observed: observed, plan: plan, peers: peers)
    }

    /// What every preparation begins with: the state, and the passphrase tried on it.
    func readState() throws -> StateInventory {
        try checkReach()
        let inventory = try state.inventory()
        try checkPassphrase(inventory)
        return inventory
    }

    /// What every plan gets besides what its planner says: the run's notices, and what refuses any change.
    /// - Returns: the control planes that the run leaves alone.
    func complete(_ plan: inout Plan, _ observed: [ObservedNode]) async throws -> [Preparation.Peer] {
        plan.notices = notices + plan.notices
        if request.options.stage == nil { plan.refusals.insert(contentsOf: try openRotation(), at: 0) }
        let peers = access == .live && plan.nodes.contains(where: \.restarts) ? await observePeers() : []
        plan.refusals += RolloutRules.refusals(
            plan, health: observed.map { ($0.name, $0.health) } + peers.map { ($0.name, $0.health) },
            accepted: Set(request.acceptsUnhealthy))
        return peers
    }

    /// While a CA is being replaced, nothing else changes the nodes.
    func openRotation() throws -> [Refusal] {
        guard let terms = try Ledger(state: state).openRotation() else { return [] }
        let place =
            access == .live
            ? "" : ", on the running control planes: without --root, with --state \(state.path)"
        return [
            Refusal(
                code: "rotation/open", node: nil,
                message: "the requestheader CA is being replaced since \(terms.since)"
                    + (terms.direction == .back ? ", which was called off" : ""),
                hint: terms.direction == .back
                    ? "bring that to its end with aggbootstrap rotate --abort\(place)"
                    : "bring it to its end with aggbootstrap rotate --ca, or call it off with rotate --abort\(place)"
            )
        ]
    }

    /// The nodes of the spec that --limit leaves out.
    func observePeers() async -> [Preparation.Peer] {
        let others = spec.nodes.filter { !nodes.contains($0) }
        let results = await onEachNode(others) { node in try await observe(node) }
        return zip(others, results).map { node, result in
            switch result {
            case .success(let observed):
                Preparation.Peer(name: node.name, health: observed.health, isReached: true)
            case .failure(let error):
                Preparation.Peer(
                    name: node.name, health: .unhealthy(Self.located(error, on: node).message),
                    isReached: false)
            }
        }
    }

    /// A passphrase that was given is tried even where nothing needs it: better now than when a certificate is due.
    /// - Throws: `pki/wrong-passphrase`; `state/damaged` where it opens another key.
    func checkPassphrase(_ inventory: StateInventory) throws {
        guard request.passphrase != nil, let name = inventory.encryptedKeys.last else { return }
        do {
            _ = try state.keys.key("\(state.path)/\(name)")
        } catch let error as PKIError {
            guard let first = inventory.encryptedKeys.first, first != name,
                (try? state.keys.key("\(state.path)/\(first)")) != nil
            else { throw error }
            throw state.damaged(
                "\(state.path)/\(name)", "the passphrase does not open it, and it opens \(first)")
        }
    }

    /// Whether the plan can be applied with the passphrase that was given, or without one.
    /// - Throws: `state/passphrase-needed` (exit 64).
    package func checkPassphrase(for preparation: Preparation) throws {
        guard preparation.plan.readsPrivateKeys, request.passphrase == nil,
            let name = preparation.inventory.encryptedKeys.first
        else { return }
        throw StateKeys.needed("\(state.path)/\(name)")
    }

    /// Observes every node; changes nothing.
    package func observe() async throws -> [ObservedNode] {
        try checkReach()
        let results = await onEachNode(nodes) { node in try await observe(node) }
        var observed: [ObservedNode] = []
        var failures: [BootstrapError] = []
        for (node, result) in zip(nodes, results) {
            switch result {
            case .success(let node): observed.append(node)
            case .failure(let error): failures.append(Self.located(error, on: node))
            }
        }
        guard let first = failures.first else { return observed }
        throw BootstrapError(
            first.code, status: first.status, first.message, hint: first.hint,
            details: first.details + failures.dropFirst().map(\.message))
    }

    /// Reads one node, over a connection that is made where there is none yet.
    func observe(_ node: NodeSpec) async throws -> ObservedNode {
        let observer = Observer(
            spec: spec, access: access, link: try link(node), reader: reader, baseUnit: baseUnit,
            baseFiles: baseFiles, now: effects.now)
        return try await observer.observe(node)
    }

    /// Reading and changing this machine takes root.
    func checkReach() throws {
        guard access == .live, nodes.contains(where: \.local) else { return }
        guard LocalHost.isRoot else {
            throw BootstrapError(
                "run/needs-root",
                "a live run needs root: it reads keys, writes below /etc and asks systemd to restart",
                hint: "run it with sudo, or work offline with --root DIR")
        }
    }

    /// Puts the node's name in front of what happened there, once.
    static func located(_ error: any Error, on node: NodeSpec) -> BootstrapError {
        let failure = ErrorReport(error)
        if let located = error as? BootstrapError, located.message.hasPrefix("\(node.name): ") {
            return located
        }
        return BootstrapError(
            failure.code, status: failure.status, "\(node.name): \(failure.message)", hint: failure.hint,
            details: failure.details)
    }
}
