// SPDX-License-Identifier: Apache-2.0

import ClusterPlan

extension CARotation {
    /// What a run would find before its first change, as far as looking tells: where it stands, or why it would not begin.
    /// Changes nothing.
    /// - Throws: what the run would be refused for.
    package func check() async throws {
        let kubectl = try await kubectl()
        let new = try await newNodes()
        let names = run.nodes.map(\.name).filter { !new.contains($0) }
        let rotation = CARotation(new.isEmpty ? run : run.limited(to: names), options: options)
        let gates = RotationGates(
            run: rotation.run, kubectl: kubectl, acceptsLaggards: options.acceptsLaggards)
        try await rotation.look(gates)
    }

    private func look(_ gates: RotationGates) async throws {
        let (observed, inventory) = (try await run.observe(), try run.state.inventory())
        guard let terms = try open(), inventory.generation(terms.keep) != nil else {
            try preflight(observed)
            try await run.refuseUnwatched(run.nodes)
            try refuseCrossSign(observed, inventory)
            try await refuseUnlisted(gates, observed)
            let trusted = try sharedBundle(observed)
            let retire = inventory.generations.filter { trusted.contains($0.certificate.fingerprintSHA256) }
            // What is not in the state yet is taken into it by the run itself.
            if retire.count == trusted.count { try await refuse(retire) }
            return
        }
        if let node = observed.first(where: { $0.transaction != nil }) {
            say(.preflight, "an interrupted change of \(node.name) would be put back first")
            return
        }
        try preflight(observed)
        try await run.refuseUnwatched(run.nodes)
        if terms.direction == .forward { try await refuseUnlisted(gates, observed) }
        let rotation = try generations(terms)
        try await refuse(rotation.both)
        if options.crossSigns, terms.direction == .forward, vouching(rotation.keep) == nil {
            _ = try crossSigner(terms, rotation, observed)
        }
        let stage = try stage(observed, rotation, terms)
        say(.preflight, "it would go on with \(stage.label) \(stage.rawValue)")
    }
}
