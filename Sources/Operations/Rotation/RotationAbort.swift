// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import StateStore
import Values

/// The way back: an open rotation is called off.
struct RotationAbort: Sendable {
    let context: RotationContext
    private var run: Run { context.run }

    init(_ context: RotationContext) { self.context = context }

    /// - Parameter readsNodes: whether the control planes are asked too.
    /// - Throws: `rotation/too-late` where an emergency's rotation is open; reading the control planes, as `callOff`.
    func checkCallingOff(readsNodes: Bool) async throws {
        guard let terms = try context.open() else { return }
        if terms.cause.isCompromise {
            throw BootstrapError(
                "rotation/too-late",
                "cannot abort the rotation: it replaces a CA whose key, or a key that it signed, others may have",
                hint: "finish it with aggbootstrap rotate --ca")
        }
        if readsNodes, terms.direction == .forward {
            _ = try await turned(terms, try run.state.inventory())
        }
    }

    /// Turns an open rotation around, as long as that takes nobody's trust away.
    /// - Returns: false where none is open.
    /// - Throws: `rotation/too-late` once a control plane or an extension server may have dropped the old CA.
    func callOff(_ lock: StateLock?) async throws -> Bool {
        guard let terms = try context.open() else { return false }
        guard terms.direction == .forward else { return true }
        let inventory = try run.state.inventory()
        guard let back = try await turned(terms, inventory) else {
            try forget(terms, inventory)
            run.effects.progress(.line(.rotation(.abortedBeforeNewCA)))
            return false
        }
        try context.ledger.append(back, now: run.effects.now())
        return true
    }

    /// Ends a rotation of which no control plane has anything: it is a line in the ledger, and what was copied for the proof
    /// at the end.
    func forget(_ terms: RotationTerms, _ inventory: StateInventory) throws {
        try RetiredPair(state: run.state).remove()
        for generation in inventory.generations { try run.state.forgetForeign(generation) }
        try run.state.removeOrphanedLeaves()
        var back = terms
        back.direction = .back
        try context.ledger.appendEnd(of: back, now: run.effects.now())
    }

    /// The terms that go back, where that takes nobody's trust away; nil where a new CA was never made.
    /// - Throws: as `callOff`.
    func turned(_ terms: RotationTerms, _ inventory: StateInventory) async throws -> RotationTerms? {
        guard let keep = inventory.generation(terms.keep),
            let old = terms.retire.compactMap(inventory.generation).last
        else { return nil }
        let observed = try await run.controlPlanes.observe()
        // Refused later, it would be written down already, and every way out would find it.
        try run.refuseOlderState(observed, inventory)
        let nodes = observed.map {
            RotationPosition.Node($0, keep: keep, retire: terms.retire.compactMap(inventory.generation))
        }
        func late(_ why: Message) -> BootstrapError {
            BootstrapError(
                "rotation/too-late", "cannot abort the rotation any more: \(why)",
                hint: "finish it with aggbootstrap rotate --ca")
        }
        if context.isOvertaken(terms, observed, inventory) {
            throw late("no control plane trusts its CA or the one before it")
        }
        if let why = RotationPosition.tooLate(nodes, old: old) { throw late(why) }
        if terms.retire.count > 1 { throw late("the control planes trusted more than one CA before it") }
        if terms.cause.isCompromise { throw late("it replaces a CA whose key others may have") }
        // What an aggregator has in memory goes back with its files only where it sees them change.
        try await run.controlPlanes.refuseUnwatched(run.nodes, manyChanges: false)
        return RotationTerms(keep: old.id, retire: [keep.id], direction: .back, since: terms.since)
    }
}
