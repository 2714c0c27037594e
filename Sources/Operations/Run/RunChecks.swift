// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import OpenSSL
import Planning
import Spec
import StateStore
import Values

// What a plan of any kind must pass before it is shown.
extension Run {
    /// What every preparation begins with: the state, and the passphrase tried on it.
    func readState() throws -> StateInventory {
        try controlPlanes.checkReach()
        let inventory = try state.inventory()
        try checkPassphrase(inventory)
        return inventory
    }

    /// Reads every control plane of the run.
    /// - Throws: the first failure; its details have the others, and how to go on with those that could be read.
    package func observeAll() async throws -> [ObservedNode] {
        try controlPlanes.checkReach()
        let results = await controlPlanes.observeEach()
        do { return try ControlPlanes.values(results.map(\.0), results.map(\.1)) } catch {
            let read = results.filter { (try? $0.1.get()) != nil }.map(\.0.name)
            guard access == .live, !read.isEmpty else { throw error }
            throw BootstrapError(
                extending: error,
                details: [
                    "the others could be read; to work on them alone: --limit \(read.joined(separator: ","))"
                ])
        }
    }

    /// What every plan gets besides what its planner says: the run's notices, and what refuses any change.
    /// - Returns: the control planes that the run leaves alone.
    func complete(
        _ plan: inout Plan, _ inventory: StateInventory, _ observed: [ObservedNode]
    ) async throws -> [Preparation.Peer] {
        plan.notices = notices + plan.notices
        if request.options.stage == nil, let open = try openRotation(inventory, observed).first {
            // What else the plan would be refused for comes from it, or cannot be acted on before; but in an older copy it may
            // be over.
            plan.refusals = [try olderState(observed, inventory) ?? open]
            return []
        }
        if request.options.stage == nil, asksCluster { plan.notices += await noticesBeforeChange(observed) }
        let peers = access == .live && plan.nodes.contains(where: \.restarts) ? await observePeers() : []
        plan.refusals += RolloutRules.refusals(
            plan, health: observed.map { ($0.name, $0.health) } + peers.map { ($0.name, $0.health) },
            accepted: Set(request.acceptsUnhealthy))
        return peers
    }

    /// - Throws: `plan/older-state`.
    func refuseOlderState(_ observed: [ObservedNode], _ inventory: StateInventory) throws {
        guard let refusal = try olderState(observed, inventory) else { return }
        throw BootstrapError(refusal.code, refusal.message, hint: refusal.hint)
    }

    /// nil where it is not known to be older, or the operator goes on all the same.
    func olderState(_ observed: [ObservedNode], _ inventory: StateInventory) throws -> Refusal? {
        guard !request.options.acceptsOlderState else { return nil }
        return OlderState.refusal(
            spec, inventory: inventory, nodes: observed,
            isRotationOpen: try Ledger(state: state).openRotation() != nil)
    }

    /// The nodes of the spec that --limit leaves out.
    func observePeers() async -> [Preparation.Peer] {
        let others = spec.nodes.filter { !nodes.contains($0) }
        let results = await onEachNode(others) { node in try controlPlanes.link(node) }
        let reached = zip(others, results).map { node, result in (node.name, (try? result.get()) != nil) }
        let health = await controlPlanes.health(of: others)
        return zip(health, reached).map { peer, reached in
            Preparation.Peer(name: peer.name, health: peer.health, isReached: reached.1)
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

    /// Sees, before a plan is shown, that the keys which it would sign with, install or encrypt are those that were
    /// issued, as far as they can be opened.
    /// - Throws: `state/damaged`.
    func checkKeys(of plan: Plan, _ inventory: StateInventory, _ observed: [ObservedNode]) throws {
        var names = plan.encrypts
        let signed = plan.issues.map(\.owner)
        if !signed.isEmpty, !signed.contains(nil),
            let generation = request.options.stage?.signing ?? inventory.current, generation.hasKey
        {
            names.append("ca/\(generation.id)/ca-key.pem")
        }
        let known = Dictionary(observed.map { ($0.name, $0) }) { first, _ in first }
        for node in plan.nodes {
            guard let seen = known[node.name], node.installsPair(of: seen),
                let nodeSpec = spec.nodes.first(where: { $0.name == node.name })
            else { continue }
            let owner = LeafOwner.of(nodeSpec, in: spec)
            let leaf: IssuedLeaf? =
                if let signing = request.options.stage?.signing {
                    inventory.leaf(of: owner, signedBy: signing)
                } else {
                    inventory.leaves[owner]
                }
            if let leaf, !signed.contains(owner) { names.append("leaves/\(owner)/\(leaf.id)/key.pem") }
        }
        let closed = request.passphrase == nil ? Set(inventory.encryptedKeys) : []
        for name in Set(names).subtracting(closed).sorted() { _ = try state.issuedKey(name) }
    }
}

extension NodePlan {
    /// Whether a certificate or key of the state is written to the node.
    fileprivate func installsPair(of observed: ObservedNode) -> Bool {
        files.contains { file in
            [observed.certificate.path, observed.key.path].contains(file.path)
                && (file.action == .create || file.action == .replace)
        }
    }
}
