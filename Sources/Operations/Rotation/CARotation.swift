// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
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
    let context: RotationContext
    private var run: Run { context.run }

    package init(_ run: Run, options: RotationOptions) { self.init(RotationContext(run, options)) }

    init(_ context: RotationContext) { self.context = context }

    /// The rotation that is open in the state; nil where none is.
    package func open() throws -> RotationTerms? { try context.open() }

    /// - Throws: `rotation/offline` where there is no running control plane.
    package static func checkAccess(_ run: Run) throws {
        guard run.access == .offline else { return }
        throw BootstrapError(
            "rotation/offline", status: .usage,
            "cannot replace the requestheader CA offline: that needs running control planes, and --root is given",
            hint: "run it without --root and with --state \(run.state.path)")
    }

    /// - Throws: `renewal/no-ca` where the state holds no CA, so that it is not the one of a rotation.
    package func checkState() throws {
        guard try run.state.issuedAuthorities().isEmpty else { return }
        throw Renewal.noCA(run)
    }

    /// - Throws: `rotation/too-late` where an emergency's rotation is open, or a control plane may have dropped the old CA;
    ///   `plan/older-state`.
    package func checkCallingOff(readsNodes: Bool) async throws {
        try await RotationAbort(context).checkCallingOff(readsNodes: readsNodes)
    }

    /// What a rotation will do; and what an emergency's will break, and what is open until it is done: nil without a
    /// compromise. Changes nothing.
    package func preview(isAbort: Bool) async throws -> (RotationOutline, BlastRadius?) {
        let observed = try await seen()
        return (
            try RotationOutline(context, observed, isAbort: isAbort),
            try await Compromise(context).blastRadius(observed)
        )
    }

    /// The control planes; none where they cannot be read: then the run itself says so.
    /// - Throws: `rotation/stopped`.
    private func seen() async throws -> [ObservedNode] {
        try await listening { rotation in
            let controlPlanes = rotation.run.controlPlanes
            do {
                let observed = try await controlPlanes.observe()
                try controlPlanes.refuseStopped()
                return observed
            } catch {
                guard controlPlanes.stop?.isStopped == true else { return [] }
                throw RotationCourse().stopped(by: error, asAsked: true)
            }
        }
    }

    /// The same rotation while it listens to those who want it to stop.
    private func listening<T>(_ body: (CARotation) async throws -> T) async throws -> T {
        let signals = StopRequest(promise: .step) { [effects = run.effects] in effects.progress(.line($0)) }
        defer { signals.restore() }
        var listening = run
        listening.controlPlanes.stop = signals
        return try await body(CARotation(listening, options: context.options))
    }

    /// What a run would find before its first change, as far as looking tells: where it stands, or why it would not begin.
    /// Changes nothing.
    /// - Throws: what the run would be refused for.
    package func check(isAbort: Bool) async throws {
        try await RotationCheck(context).check(isAbort: isAbort)
    }

    /// Turns an open rotation around, as long as that takes nobody's trust away.
    /// - Returns: false where none is open.
    /// - Throws: `rotation/too-late` once a control plane or an extension server may have dropped the old CA.
    package func callOff(_ lock: StateLock?) async throws -> Bool {
        try await RotationAbort(context).callOff(lock)
    }

    /// Begins a rotation, or goes on with the one that is open, to the end.
    /// - Throws: what stopped it; exit status 1 where no node has changed, 3 where some are ahead of others, 4 where
    ///   all are alike and a gate did not open.
    package func converge(_ lock: StateLock?) async throws -> ConvergedRotation {
        let new = try await RotationPreflight(context).newNodes()
        let about =
            new.isEmpty ? context : context.limited(to: run.nodes.map(\.name).filter { !new.contains($0) })
        let (direction, names) = try await CARotation(about).convergeAll(lock)
        return ConvergedRotation(direction: direction, run: about.run.allowing(names), leftToInit: new)
    }

    private var preflight: RotationPreflight { RotationPreflight(context) }
    private var crossSigning: CrossSigning { CrossSigning(context) }

    /// - Returns: also the names that are allowed in the end: going back, those of the old CA's certificates stay.
    private func convergeAll(
        _ lock: StateLock?
    ) async throws -> (RotationTerms.Direction, names: [String]) {
        try await listening { try await $0.convergeListening(lock) }
    }

    private func convergeListening(
        _ lock: StateLock?
    ) async throws -> (RotationTerms.Direction, names: [String]) {
        let lock = try lock ?? run.lockState()
        let locks: [any NodeLock]
        do { locks = try await run.controlPlanes.lock(run.nodes.map(\.name)) } catch {
            throw RotationCourse().stopped(by: error, asAsked: run.controlPlanes.stop?.isStopped == true)
        }
        defer { for lock in locks { lock.release() } }
        try lock.announce(now: run.effects.now())
        try run.state.prepareForChange()
        var course = RotationCourse()
        do {
            context.say(.preflight(.controlPlanes(run.nodes.count)))
            let seen = try await run.controlPlanes.observe()
            let about = RotationMove(context).widened(seen)
            let direction = try await CARotation(about).converge(seen, lock, &course)
            guard direction == .forward else { return (direction, about.run.spec.requestHeader.allowedNames) }
            if about.run.spec != run.spec { try await RotationMove(context).narrow(lock, &course) }
            return (direction, run.spec.requestHeader.allowedNames)
        } catch {
            throw course.stopped(by: error, asAsked: run.controlPlanes.stop?.isStopped == true)
        }
    }

    /// - Parameter seen: what was seen of the control planes under the locks.
    private func converge(
        _ seen: [ObservedNode], _ lock: StateLock, _ course: inout RotationCourse
    ) async throws -> RotationTerms.Direction {
        var gates = RotationGates(
            controlPlanes: run.controlPlanes, kubectl: try await context.kubectl(),
            acceptsLaggards: context.options.acceptsLaggards)
        if let key = try run.state.inventory().encryptedKeys.first, run.request.passphrase == nil {
            throw StateKeys.needed("\(run.state.path)/\(key)")
        }
        let seen = try await moved(seen, gates, lock, &course)
        var terms = try await enter(seen, gates, &course)
        if terms.cause.isCompromise { gates.acceptsLaggards = Compromise(context).emergencyLaggards }
        try await go(terms, gates, lock, &course)
        while terms.again || run.request.options.acceptsOlderState {
            let observed = try await run.controlPlanes.observe()
            guard try terms.again || context.haveLeavesOfAnotherCopy(observed, terms) else { break }
            context.say(.preflight(terms.again ? .replacesAgain : .replacesOtherLeaves))
            try preflight.check(observed)
            terms = try await RotationBegin(context).begin(observed)
            try await go(terms, gates, lock, &course)
        }
        return terms.direction
    }

    /// The control planes with their files where the spec wants them.
    private func moved(
        _ seen: [ObservedNode], _ gates: RotationGates, _ lock: StateLock, _ course: inout RotationCourse
    ) async throws -> [ObservedNode] {
        let move = RotationMove(context)
        let nodes = try move.needed(seen)
        guard !nodes.isEmpty else { return seen }
        try preflight.refuseOlderState(seen, try run.state.inventory())
        try await preflight.refuseUnlisted(gates, seen)
        // What would be refused behind the restarts is refused before them; one that restarts begins to watch its files again.
        try await run.controlPlanes.refuseUnwatched(move.staying(nodes), manyChanges: true)
        try crossSigning.refuseCrossSign(seen, try run.state.inventory())
        try await move.move(nodes, seen, lock, &course)
        return try await run.controlPlanes.observe()
    }

    /// What must hold before the first change of a run, and what is made in the state directory only.
    private func enter(
        _ seen: [ObservedNode], _ gates: RotationGates, _ course: inout RotationCourse
    ) async throws -> RotationTerms {
        let inventory = try run.state.inventory()
        // Before anything of this run is written down.
        try preflight.refuseOlderState(seen, inventory)
        await gates.clearCanaries()
        if let open = try context.open(), context.isOvertaken(open, seen, inventory) {
            try RotationAbort(context).forget(open, inventory)
        }
        let (terms, observed): (RotationTerms, [ObservedNode])
        if let open = try RotationBegin(context).resumed(inventory).map({
            try Compromise(context).escalated($0, inventory)
        }) {
            let rotation = try context.generations(open)
            observed = try await RotationSettling(context).settled(seen, &course)
            try preflight.refuseOlderState(observed, inventory)
            course.saw(observed, keep: rotation.keep, retire: rotation.retire)
            try preflight.check(observed)
            try await run.controlPlanes.refuseUnwatched(run.nodes, manyChanges: false)
            if open.direction == .forward { try await preflight.refuseUnlisted(gates, observed) }
            try await StageChange(context).refuse(rotation.both, observed)
            terms = open
        } else {
            observed = seen
            try preflight.check(observed)
            try await run.controlPlanes.refuseUnwatched(run.nodes, manyChanges: true)
            try crossSigning.refuseCrossSign(observed, inventory)
            try await preflight.refuseUnlisted(gates, observed)
            terms = try await RotationBegin(context).begin(observed)
        }
        // Going forward, before anything on a node depends on them; going back, where they are there already.
        if terms.direction == .forward { try await RotationIssuing(context).issueLeaves(terms) }
        try crossSigning.crossSign(terms, observed)
        return terms
    }

    private func go(
        _ terms: RotationTerms, _ gates: RotationGates, _ lock: StateLock,
        _ course: inout RotationCourse
    ) async throws {
        var (hasSoaked, last) = (false, RotationStage?.none)
        while true {
            let rotation = try context.generations(terms)
            let observed = try await RotationSettling(context).settled(&course)
            course.saw(observed, keep: rotation.keep, retire: rotation.retire)
            try preflight.check(observed)
            let stage = try context.stage(observed, rotation, terms)
            course.stage = stage
            try run.controlPlanes.refuseStopped()
            guard stage != last else { throw noProgress(stage) }
            switch stage {
            case .trust:
                try await TrustStage(context: context, gates: gates).change(rotation, observed, lock, &course)
            case .leaves:
                try await leaves(terms, rotation, observed, gates, lock, &course)
            case .soak where !hasSoaked:
                try await SoakStage(context: context).wait(terms)
                // Everything is looked at once more: from here on there is no way back.
                hasSoaked = true
                continue
            case .soak, .drop:
                course.stage = .drop
                // One that holds another pair in memory than on its disk would be refused from here on.
                try await run.controlPlanes.refuseUnwatched(run.nodes, manyChanges: false)
                let drop = DropStage(context: context, gates: gates)
                try await drop.change(rotation, observed, lock, &course)
                let named = rotation.namedAsClientCA(observed)
                if !named.isEmpty {
                    // Handshakes do not tell who has dropped them, and one that has not puts them back into the ConfigMap.
                    _ = try await RotationEnd(context).refuseOldPair(
                        terms, rotation, isClient: !rotation.shared(observed).isEmpty,
                        within: TrustGate.seconds)
                }
                try await drop.wait(rotation, butNot: named)
                return try await RotationEnd(context).finish(terms, rotation, observed, gates.kubectl)
            case .preflight, .issue, .extensions, .proof:
                throw BootstrapError("internal/stage", "the rotation cannot continue with stage \(stage)")
            }
            last = stage
        }
    }

    /// What the first stage has begun is waited for here: it may have been done by a run that was killed since.
    private func leaves(
        _ terms: RotationTerms, _ rotation: RotationGenerations, _ observed: [ObservedNode],
        _ gates: RotationGates, _ lock: StateLock, _ course: inout RotationCourse
    ) async throws {
        course.stage = .trust
        try await TrustStage(context: context, gates: gates).wait(rotation, terms)
        if terms.direction == .forward {
            course.stage = .extensions
            try await ExtensionsStage(context: context, kubectl: gates.kubectl).wait(rotation, terms)
        }
        course.stage = .leaves
        try await LeavesStage(context: context, gates: gates)
            .change(rotation, terms, observed, lock, &course)
    }

    private func noProgress(_ stage: RotationStage) -> BootstrapError {
        BootstrapError(
            "rotation/no-progress", status: .mixed,
            "stage \(stage.label) is done, and the nodes do not show it",
            hint: "look at \(run.spec.certificates.directory) on each node, then run it again")
    }
}
