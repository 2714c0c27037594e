// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Proofs
import Spec
import StateStore

/// What a run would find before its first change.
struct RotationCheck: Sendable {
    let context: RotationContext
    private var run: Run { context.run }
    private var preflight: RotationPreflight { RotationPreflight(context) }
    private var crossSigning: CrossSigning { CrossSigning(context) }

    init(_ context: RotationContext) { self.context = context }

    /// As `CARotation.check`.
    func check(isAbort: Bool) async throws {
        let kubectl = try await context.kubectl()
        let new = try await preflight.newNodes()
        let names = run.nodes.map(\.name).filter { !new.contains($0) }
        let about = new.isEmpty ? context : context.limited(to: names)
        let gates = RotationGates(
            controlPlanes: about.run.controlPlanes, kubectl: kubectl,
            acceptsLaggards: context.options.acceptsLaggards)
        try await RotationCheck(about).look(gates, isAbort: isAbort)
    }

    private func look(_ gates: RotationGates, isAbort: Bool) async throws {
        let inventory = try run.state.inventory()
        if let terms = try context.open() {
            if isAbort, terms.direction == .forward { return try await lookBack(terms, inventory) }
            let observed = try await run.controlPlanes.observe()
            if inventory.generation(terms.keep) != nil, !context.isOvertaken(terms, observed, inventory) {
                let about = RotationCheck(RotationMove(context).widened(observed))
                return try await about.look(terms, observed, gates)
            }
        }
        let observed = try await run.controlPlanes.observe()
        try preflight.refuseOlderState(observed, inventory)
        let move = RotationMove(context)
        let about = move.widened(observed)
        let nodes = try move.needed(observed)
        guard nodes.isEmpty else {
            try await preflight.refuseUnlisted(gates, observed)
            try await run.controlPlanes.refuseUnwatched(move.staying(nodes), manyChanges: true)
            try crossSigning.refuseCrossSign(observed, inventory)
            try RotationMoveCheck(about).refuse(nodes, observed)
            return context.say(.preflight(.would(.move(from: move.paths(nodes)))))
        }
        try await RotationCheck(about).lookAhead(observed, inventory, gates)
    }

    /// One that begins, with the files where the spec wants them.
    private func lookAhead(
        _ observed: [ObservedNode], _ inventory: StateInventory, _ gates: RotationGates
    ) async throws {
        try preflight.check(observed)
        try await run.controlPlanes.refuseUnwatched(run.nodes, manyChanges: true)
        try crossSigning.refuseCrossSign(observed, inventory)
        try await preflight.refuseUnlisted(gates, observed)
        let trusted = try preflight.sharedBundle(observed)
        _ = try run.nextExternalCA(inventory, trusted: trusted)
        let retire = inventory.generations.filter { trusted.contains($0.certificate.fingerprintSHA256) }
        try await lookAtExtensions(gates, observed)
        // What is not in the state yet is taken into it by the run itself.
        if retire.count == trusted.count { try await StageChange(context).refuse(retire, observed) }
    }

    /// Who does not even trust the CA of today, or cannot be asked, will hardly trust the next one in time.
    private func lookAtExtensions(_ gates: RotationGates, _ observed: [ObservedNode]) async throws {
        guard let kubectl = gates.kubectl else { return context.say(.extensions(.notChecked)) }
        var count = 0
        let laggards = try await ExtensionServers(controlPlanes: run.controlPlanes, kubectl: kubectl)
            .distrusting(Set(observed.flatMap(\.requestHeaderCAs).flatMap(\.certificates).map(\.subjectDER)))
        {
            count = $0
        }
        for laggard in laggards where !context.options.acceptsLaggards.contains(laggard.service) {
            context.say(.preflight(.would(.waitInVain(StageNote.Server(laggard)))))
        }
        if count > 0 { context.say(.preflight(.would(.waitForExtensions(count)))) }
    }

    /// One that is open and is to go on.
    private func look(
        _ terms: RotationTerms, _ observed: [ObservedNode], _ gates: RotationGates
    ) async throws {
        try preflight.refuseOlderState(observed, try run.state.inventory())
        try preflight.refuseRollback(observed)
        if let node = observed.first(where: { $0.transaction != nil }) {
            context.say(.preflight(.would(.undo(node: node.name))))
            return
        }
        try preflight.check(observed)
        try await run.controlPlanes.refuseUnwatched(run.nodes, manyChanges: false)
        if terms.direction == .forward { try await preflight.refuseUnlisted(gates, observed) }
        if context.options.cause.isCompromise, !terms.cause.isCompromise {
            context.say(.preflight(.would(.takeEmergencyOrder)))
            return
        }
        let rotation = try context.generations(terms)
        try await StageChange(context).refuse(rotation.both, observed)
        if context.options.crossSigns, terms.direction == .forward,
            crossSigning.vouching(rotation.keep) == nil
        {
            _ = try crossSigning.crossSigner(terms, rotation, observed)
        }
        context.say(.preflight(.would(.continueWith(try context.stage(observed, rotation, terms)))))
    }

    /// One that is open and is being called off.
    private func lookBack(_ terms: RotationTerms, _ inventory: StateInventory) async throws {
        let isMade = try await RotationAbort(context).turned(terms, inventory) != nil
        context.say(.preflight(.would(isMade ? .returnToOldCA : .end)))
    }
}
