// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Spec
import StateStore

extension CARotation {
    /// What a run would find before its first change, as far as looking tells: where it stands, or why it would not begin.
    /// Changes nothing.
    /// - Throws: what the run would be refused for.
    package func check(isAbort: Bool) async throws {
        let kubectl = try await kubectl()
        let new = try await newNodes()
        let names = run.nodes.map(\.name).filter { !new.contains($0) }
        let rotation = CARotation(new.isEmpty ? run : run.limited(to: names), options: options)
        let gates = RotationGates(
            controlPlanes: rotation.run.controlPlanes, kubectl: kubectl,
            acceptsLaggards: options.acceptsLaggards)
        try await rotation.look(gates, isAbort: isAbort)
    }

    private func look(_ gates: RotationGates, isAbort: Bool) async throws {
        let inventory = try run.state.inventory()
        if let terms = try open() {
            if isAbort, terms.direction == .forward { return try await lookBack(terms, inventory) }
            if inventory.generation(terms.keep) != nil { return try await look(terms, gates) }
        }
        let observed = try await run.controlPlanes.observe()
        try preflight(observed)
        try await run.controlPlanes.refuseUnwatched(run.nodes, manyChanges: true)
        try refuseCrossSign(observed, inventory)
        try await refuseUnlisted(gates, observed)
        let trusted = try sharedBundle(observed)
        let retire = inventory.generations.filter { trusted.contains($0.certificate.fingerprintSHA256) }
        // What is not in the state yet is taken into it by the run itself.
        if retire.count == trusted.count { try await refuse(retire) }
    }

    /// One that is open and is to go on.
    private func look(_ terms: RotationTerms, _ gates: RotationGates) async throws {
        let observed = try await run.controlPlanes.observe()
        try refuseRollback(observed)
        if let node = observed.first(where: { $0.transaction != nil }) {
            say(.preflight, "an interrupted change of \(node.name) would be put back first")
            return
        }
        try preflight(observed)
        try await run.controlPlanes.refuseUnwatched(run.nodes, manyChanges: false)
        if terms.direction == .forward { try await refuseUnlisted(gates, observed) }
        if options.cause.isCompromise, !terms.cause.isCompromise {
            say(.preflight, "it would go on in the order of an emergency")
            return
        }
        let rotation = try generations(terms)
        try await refuse(rotation.both)
        if options.crossSigns, terms.direction == .forward, vouching(rotation.keep) == nil {
            _ = try crossSigner(terms, rotation, observed)
        }
        let stage = try stage(observed, rotation, terms)
        say(.preflight, "it would go on with \(stage.label) \(stage.rawValue)")
    }

    /// One that is open and is to be called off.
    private func lookBack(_ terms: RotationTerms, _ inventory: StateInventory) async throws {
        let isMade = try await turned(terms, inventory) != nil
        say(
            .preflight,
            isMade ? "it would go back to the old CA" : "it would end: no control plane was touched")
    }
}
