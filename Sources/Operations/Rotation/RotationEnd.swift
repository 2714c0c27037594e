// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import Planning
import Spec
import StateStore
import TLS
import Values

// The last stage, and the way back.
extension CARotation {
    /// How long an API server is given to refuse the old pair, once it has been seen to trust its CA no more.
    private static let refusalSeconds = 15

    /// Sees the old pair refused everywhere, then destroys it and what could bring it back.
    func finish(_ terms: RotationTerms, _ rotation: Generations, _ kubectl: Kubectl?) async throws {
        let refusals = try await refuseOldPair(terms, rotation)
        if terms.cause.isCompromise { try await seeDistrusted(rotation.retire, kubectl) }
        let results = await onEachNode(run.nodes) { node in
            try run.link(node).node.removeTree(
                "\(NodeTransaction.store(unit: run.spec.apiServer.unit))/previous")
        }
        _ = try ControlPlanes.values(run.nodes, results)
        let now = run.effects.now()
        if terms.cause.isCompromise, terms.direction == .forward {
            try CompromisedCAs(state: run.state).add(
                rotation.retire.map(\.certificate), now: now, ledger: ledger)
        }
        for generation in rotation.retire {
            try run.state.dropGeneration(generation.id, because: "replaced by \(rotation.keep.id) at \(now)")
        }
        try run.state.forgetForeign(rotation.keep)
        try RetiredPair(state: run.state).remove()
        if !terms.again { try ledger.appendEnd(of: terms, now: now) }
        say(.proof, refusals)
        sayWhatIsVouchedFor(terms, rotation)
    }

    /// - Returns: what was seen, in words.
    private func refuseOldPair(_ terms: RotationTerms, _ rotation: Generations) async throws -> String {
        // After a kill in the midst of the end the old keys may be gone already: they were proved refused before.
        if rotation.retire.allSatisfy({ $0.standing == .dropped }) { return "reached before" }
        guard let pair = try oldPair(terms, rotation) else {
            if terms.direction == .back { return "reached: called off before a proxy client was made" }
            throw BootstrapError(
                "rotation/not-proven", status: .proofFailed,
                "no pair of the old CA is left to prove that it is refused",
                hint: "see with aggbootstrap verify that no API server names the old CA any more")
        }
        say(.proof, "the old proxy client is to be refused by every API server")
        let results = await onEachNode(run.nodes) { node in
            let deadline = ContinuousClock.now + .seconds(Self.refusalSeconds)
            while true {
                guard let connection = try run.controlPlanes.connection(node) else {
                    throw BootstrapError(
                        "rotation/no-process", status: .proofFailed,
                        "\(node.name): kube-apiserver does not run")
                }
                let outcome = try IdentityProbe.probe(
                    connection.endpoint, trust: connection.trust, identity: pair,
                    user: try APIServerConnection.probeUser(), headers: connection.headers)
                if outcome == .rejected { return }
                guard ContinuousClock.now < deadline else {
                    throw BootstrapError(
                        "rotation/old-accepted", status: .proofFailed,
                        "\(node.name): the old proxy client is still not refused: \(outcome)",
                        hint: "restart its kube-apiserver when it can be spared, then run it again")
                }
                try await run.controlPlanes.pause(.milliseconds(500))
            }
        }
        _ = try ControlPlanes.values(run.nodes, results)
        say(.proof, "401 for the old proxy client from every API server")
        return "reached: the old proxy client is refused, and its keys are destroyed"
    }

    /// A pair that the CA which goes has signed.
    private func oldPair(_ terms: RotationTerms, _ rotation: Generations) throws -> ClientIdentity? {
        let inventory = try run.state.inventory()
        for owner in inventory.leaves.keys.sorted() {
            for generation in rotation.retire {
                guard let leaf = inventory.leaf(of: owner, signedBy: generation) else { continue }
                // Alone: called off, the old CA would vouch for it still.
                return ClientIdentity(
                    certificatePEM: leaf.certificatePEM, keyPEM: try run.state.leafKey(leaf, owner: owner))
            }
        }
        // Going back, the pair that was kept is the one that stays.
        return terms.direction == .forward ? try RetiredPair(state: run.state).read() : nil
    }

    /// Turns an open rotation around, as long as that takes nobody's trust away.
    /// - Returns: false where none is open.
    /// - Throws: `rotation/too-late` once a control plane or an extension server may have dropped the old CA.
    package func callOff(_ lock: StateLock?) async throws -> Bool {
        guard let terms = try open() else { return false }
        guard terms.direction == .forward else { return true }
        let inventory = try run.state.inventory()
        guard let back = try await turned(terms, inventory) else {
            // Nothing but a line in the ledger, and what was copied for the proof at the end.
            try RetiredPair(state: run.state).remove()
            for generation in inventory.generations { try run.state.forgetForeign(generation) }
            try run.state.removeOrphanedLeaves()
            try ledger.appendEnd(of: terms, now: run.effects.now())
            run.effects.progress(
                .line("called off before a new CA was made: no control plane was touched"))
            return false
        }
        try ledger.append(back, now: run.effects.now())
        return true
    }

    /// The terms that go back, where that takes nobody's trust away; nil where a new CA was never made.
    /// - Throws: as `callOff`.
    func turned(_ terms: RotationTerms, _ inventory: StateInventory) async throws -> RotationTerms? {
        guard let keep = inventory.generation(terms.keep),
            let old = terms.retire.compactMap(inventory.generation).last
        else { return nil }
        let observed = try await run.controlPlanes.observe()
        let nodes = observed.map {
            RotationPosition.Node($0, keep: keep, retire: terms.retire.compactMap(inventory.generation))
        }
        func late(_ why: String) -> BootstrapError {
            BootstrapError(
                "rotation/too-late", "the rotation cannot be called off any more: \(why)",
                hint: "bring it to its end with rotate --ca")
        }
        if let node = nodes.first(where: { $0.trustsKept && !$0.trustsRetired }) {
            throw late("\(node.name) does not trust the old CA any more")
        }
        if old.standing != .issued, let node = nodes.first(where: \.hasNewLeaf) {
            throw late(
                "\(node.name) presents a proxy client of the new CA, and the old one's pair is not in the state"
            )
        }
        if terms.retire.count > 1 { throw late("the control planes trusted more than one CA before it") }
        if terms.cause.isCompromise { throw late("it replaces a CA that others may have the key of") }
        // What an aggregator has in memory goes back with its files only where it sees them change.
        try await run.controlPlanes.refuseUnwatched(run.nodes, manyChanges: false)
        return RotationTerms(keep: old.id, retire: [keep.id], direction: .back)
    }
}
