// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import PKI
import Planning
import Spec
import StateStore
import Values

/// Replaces the requestheader CA of a running cluster, stage by stage, so that at every moment every proxy client in
/// use verifies under every trust bundle in use.
///
/// Where it stands is read from the nodes on every run; where it goes is in the ledger. Killed anywhere and run again,
/// it ends in the same place.
package struct CARotation: Sendable {
    let run: Run
    let options: Options
    let ledger: Ledger

    package init(_ run: Run, options: Options) {
        self.run = run
        self.options = options
        ledger = Ledger(state: run.state)
    }

    /// The rotation that is open in the state; nil where none is.
    package func open() throws -> RotationTerms? { try ledger.openRotation() }

    /// - Throws: `rotation/offline` where there is no running control plane.
    package static func checkAccess(_ run: Run) throws {
        guard run.access == .offline else { return }
        throw BootstrapError(
            "rotation/offline", status: .usage,
            "the requestheader CA must be replaced, and that takes running control planes, but --root is given",
            hint: "run it without --root and with --state \(run.state.path)")
    }

    /// - Throws: `renewal/no-ca` where the state holds no CA, so that it is not the one of a rotation.
    package func checkState() throws {
        guard try run.state.issuedAuthorities().isEmpty else { return }
        throw Renewal.noCA(run)
    }

    /// Begins a rotation, or goes on with the one that is open, to its end.
    /// - Throws: what stopped it; exit status 1 where no node has changed, 3 where some are ahead of others, 4 where
    ///   all are alike and a gate did not open.
    package func converge(_ lock: StateLock?) async throws -> Outcome {
        let new = try await newNodes()
        var rotated = self
        if !new.isEmpty {
            let names = run.nodes.map(\.name).filter { !new.contains($0) }
            rotated = CARotation(run.limited(to: names), options: options)
        }
        let direction = try await rotated.convergeAll(lock)
        return Outcome(direction: direction, run: rotated.run, leftToInit: new)
    }

    /// How a rotation has ended.
    package struct Outcome: Sendable {
        package let direction: RotationTerms.Direction
        /// On the control planes that it was about.
        package let run: Run
        /// Control planes that the layer is not on yet: `init` brings them in.
        package let leftToInit: [String]
    }

    private func convergeAll(_ lock: StateLock?) async throws -> RotationTerms.Direction {
        let signals = StopRequest(promise: "what is being done is finished first, a wait is not") {
            [effects = run.effects] in effects.progress(.line($0))
        }
        defer { signals.restore() }
        var listening = run
        listening.controlPlanes.stop = signals
        return try await CARotation(listening, options: options).convergeListening(lock)
    }

    private func convergeListening(_ lock: StateLock?) async throws -> RotationTerms.Direction {
        let lock = try lock ?? run.lockState()
        let locks: [any NodeLock]
        do { locks = try await run.controlPlanes.lock(run.nodes.map(\.name)) } catch {
            throw RotationCourse().stopped(by: error, asAsked: run.controlPlanes.stop?.isStopped == true)
        }
        defer { for lock in locks { lock.release() } }
        try lock.announce(now: run.effects.now())
        try run.state.prepareForChange()
        var gates = RotationGates(
            controlPlanes: run.controlPlanes, kubectl: try await kubectl(),
            acceptsLaggards: options.acceptsLaggards)
        var course = RotationCourse()
        do {
            var terms = try await enter(gates, &course)
            if terms.cause.isCompromise { gates.acceptsLaggards = emergencyLaggards }
            try await go(terms, gates, lock, &course)
            while terms.again {
                say(
                    .preflight,
                    "once more: the CA that is trusted now was made before its keys were known to be in danger"
                )
                let observed = try await run.controlPlanes.observe()
                try preflight(observed)
                terms = try await begin(observed, try run.state.inventory())
                try await go(terms, gates, lock, &course)
            }
            return terms.direction
        } catch {
            throw course.stopped(by: error, asAsked: run.controlPlanes.stop?.isStopped == true)
        }
    }

    /// What has to hold before the first change of a run, and what is made in the state directory only.
    private func enter(
        _ gates: RotationGates, _ course: inout RotationCourse
    ) async throws -> RotationTerms {
        say(.preflight, "\(run.nodes.count) control plane\(run.nodes.count == 1 ? "" : "s")")
        let inventory = try run.state.inventory()
        if !inventory.encryptedKeys.isEmpty, run.request.passphrase == nil {
            throw StateKeys.needed("\(run.state.path)/\(inventory.encryptedKeys[0])")
        }
        await gates.clearCanaries()
        let (terms, observed): (RotationTerms, [ObservedNode])
        if let open = try resumed(inventory).map({ try escalated($0, inventory) }) {
            let rotation = try generations(open)
            observed = try await settled(&course)
            course.saw(observed, keep: rotation.keep, retire: rotation.retire)
            try preflight(observed)
            try await run.controlPlanes.refuseUnwatched(run.nodes, manyChanges: false)
            if open.direction == .forward { try await refuseUnlisted(gates, observed) }
            try await refuse(rotation.both)
            terms = open
        } else {
            observed = try await run.controlPlanes.observe()
            try preflight(observed)
            try await run.controlPlanes.refuseUnwatched(run.nodes, manyChanges: true)
            try refuseCrossSign(observed, inventory)
            try await refuseUnlisted(gates, observed)
            terms = try await begin(observed, inventory)
        }
        // Going forward, before anything on a node depends on them; going back, where they are there already.
        if terms.direction == .forward { try await issueLeaves(terms) }
        try crossSign(terms, observed)
        return terms
    }

    private func go(
        _ terms: RotationTerms, _ gates: RotationGates, _ lock: StateLock,
        _ course: inout RotationCourse
    ) async throws {
        var (hasSoaked, last) = (false, RotationStage?.none)
        while true {
            let rotation = try generations(terms)
            let observed = try await settled(&course)
            course.saw(observed, keep: rotation.keep, retire: rotation.retire)
            try preflight(observed)
            let stage = try stage(observed, rotation, terms)
            course.stage = stage
            try run.controlPlanes.refuseStopped()
            guard stage != last else { throw noProgress(stage) }
            switch stage {
            case .trust:
                say(stage, "every control plane is to trust both CAs")
                let both = CertificateStage(bundle: rotation.both, leaves: .asInstalled)
                try await apply(both, in: staged(both), lock, &course)
            case .leaves:
                try await leaves(terms, rotation, observed, gates, lock, &course)
            case .soak where !hasSoaked:
                let seconds = try await soakSeconds(terms)
                say(stage, "\(seconds) s, until connections with old proxy clients have ended")
                try await run.controlPlanes.pause(.seconds(seconds))
                // Everything is looked at once more: from here on there is no way back.
                hasSoaked = true
                continue
            case .soak, .drop:
                course.stage = .drop
                // One that holds another pair in memory than on its disk would be refused from here on.
                try await run.controlPlanes.refuseUnwatched(run.nodes, manyChanges: false)
                try await drop(rotation, gates, lock, &course)
                return try await finish(terms, rotation, gates.kubectl)
            case .preflight, .issue, .extensions, .proof:
                throw BootstrapError("internal/stage", "there is no such stage to go on with: \(stage)")
            }
            last = stage
        }
    }

    private func noProgress(_ stage: RotationStage) -> BootstrapError {
        BootstrapError(
            "rotation/no-progress", status: .mixed,
            "stage \(stage.label) was done, and the nodes do not show it",
            hint: "look at \(run.spec.certificates.directory) on each node, then run it again")
    }

    // MARK: - Stages

    func say(_ stage: RotationStage, _ text: String) {
        run.effects.progress(.line("\(stage.label) \(stage.rawValue): \(text)"))
    }

    func kubectl() async throws -> Kubectl? {
        let kubectl = try await Kubectl.find(run.controlPlanes)
        if kubectl == nil, !options.acceptsUnseenExtensions {
            throw BootstrapError(
                "rotation/no-kubeconfig",
                "there is no kubeconfig to find the extension servers with, so nobody could tell whether they trust the "
                    + "new CA",
                hint:
                    "name an administrator's in apiServer.kubeconfig, or, where there are no extension servers, go on "
                    + "with --accept-unseen-extensions")
        }
        return kubectl
    }

    /// The generations that the terms name.
    struct Generations {
        let keep: CAGeneration
        let retire: [CAGeneration]

        /// Those that are trusted in between, the newest first whichever way it goes: a bundle that was written on the
        /// way there is the same on the way back.
        var both: [CAGeneration] {
            func order(_ generation: CAGeneration) -> (Int, String) {
                (StateDirectory.number(generation.id) ?? 0, generation.id)
            }
            return ([keep] + retire).sorted { order($0) > order($1) }
        }
    }

    func generations(_ terms: RotationTerms) throws -> Generations {
        let inventory = try run.state.inventory()
        let retire = terms.retire.compactMap(inventory.generation)
        guard let keep = inventory.generation(terms.keep), retire.count == terms.retire.count else {
            throw BootstrapError(
                "state/damaged",
                "the ledger names a CA generation that the state does not hold: "
                    + ([terms.keep] + terms.retire).joined(separator: ", "),
                hint: "restore the state directory from its backup")
        }
        return Generations(keep: keep, retire: retire)
    }

    func stage(
        _ observed: [ObservedNode], _ rotation: Generations, _ terms: RotationTerms
    ) throws -> RotationStage {
        do {
            return try RotationPosition.stage(
                observed.map { .init($0, keep: rotation.keep, retire: rotation.retire) },
                mayTrustRetired: !terms.cause.isCompromise)
        } catch {
            throw BootstrapError(
                error.code, "\(error.node.map { "\($0): " } ?? "")\(error.message)", hint: error.hint)
        }
    }
}
