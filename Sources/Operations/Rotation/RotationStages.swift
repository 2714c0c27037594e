// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Proofs
import StateStore
import Values

// What each stage does to the nodes, and what it waits for.
extension CARotation {
    func leaves(
        _ terms: RotationTerms, _ rotation: Generations, _ observed: [ObservedNode], _ gates: RotationGates,
        _ lock: StateLock, _ course: inout RotationCourse
    ) async throws {
        try await gates.waitForTrust(
            rotation.both, without: [],
            terms.cause.isCompromise ? .passing(afterSeconds: Self.emergencySeconds) : .asAPIServers
        ) { say(.trust, $0) }
        try await gates.waitForPublished([rotation.keep])
        say(.trust, "reached: every API server has loaded both")
        if terms.direction == .forward { try await extensions(terms, rotation, gates.kubectl) }
        try await issueLeaves(terms)
        say(
            .leaves,
            "every control plane is to present a proxy client of \(rotation.keep.certificate.subject)")
        let stage = CertificateStage(
            bundle: rotation.both, leaves: .signed(by: rotation.keep))
        // In an emergency those that show nothing of their reading are waited for once, after the last.
        if terms.cause.isCompromise { return try await apply(stage, in: staged(stage), lock, &course) }
        let witnessing = PairWitnessing(
            options: options.witness, reloadSeconds: options.reloadSeconds, accepted: options.acceptsLaggards)
        try await witnessing.witnessed(staged(stage), observed, gates.kubectl) { staged in
            try await apply(stage, in: staged, lock, &course)
            try staged.controlPlanes.refuseStopped()
        }
    }

    private func extensions(
        _ terms: RotationTerms, _ rotation: Generations, _ kubectl: Kubectl?
    ) async throws {
        let generation = rotation.keep
        guard let kubectl else {
            say(.extensions, "not seen: there is no kubeconfig")
            return
        }
        say(.extensions, "every extension server is to trust \(generation.certificate.subject)")
        let laggards = try await ExtensionServers(controlPlanes: run.controlPlanes, kubectl: kubectl)
            .laggards(
                without: generation, after: previousName(rotation), isVouchedFor: vouching(generation) != nil,
                accepted: options.acceptsLaggards,
                seconds: terms.cause.isCompromise ? Self.emergencySeconds : ExtensionServers.seconds
            ) { say(.extensions, $0) }
        if terms.cause.isCompromise { return goOn(without: laggards, generation) }
        let left = withoutVouched(laggards, generation)
        guard let first = left.first else { return say(.extensions, "reached") }
        throw BootstrapError(
            "rotation/laggard", status: .proofFailed,
            "the extension server \(first.endpoint) of \(first.service): \(first.why)",
            hint: laggardHint(first, terms, rotation),
            details: left.dropFirst().map { "\($0.endpoint) of \($0.service): \($0.why)" })
    }

    func drop(
        _ rotation: Generations, _ gates: RotationGates, _ lock: StateLock,
        _ course: inout RotationCourse
    ) async throws {
        let subjects = rotation.retire.map(\.certificate.subject).joined(separator: ", ")
        say(.drop, "no control plane is to trust \(subjects)")
        let stage = CertificateStage(bundle: [rotation.keep], leaves: .asInstalled)
        try await apply(stage, in: staged(stage), lock, &course)
        try await gates.waitForTrust([rotation.keep], without: rotation.retire, .asAPIServers) {
            say(.drop, $0)
        }
        if gates.kubectl != nil {
            say(
                .drop,
                "extension servers are told to trust the new CA alone; watched for \(options.watchSeconds) s")
        }
        try await gates.prune(rotation.retire, keeping: rotation.keep, watchSeconds: options.watchSeconds)
        say(.drop, "reached")
    }

    /// Brings the nodes to what a stage asks for, by the way that `init` goes.
    func apply(
        _ stage: CertificateStage, in staged: Run, _ lock: StateLock, _ course: inout RotationCourse
    ) async throws {
        let change = Change.toSpec(staged)
        let preparation = try await change.prepare()
        if let refusal = preparation.refusal { throw refusal }
        guard !preparation.plan.isEmpty else { return }
        let outcome = try await change.applyLocked(preparation, lock: lock)
        course.applied(outcome)
        if let failure = outcome.failure { throw failure }
    }

    func staged(_ stage: CertificateStage) -> Run {
        var staged = run
        staged.request.options.stage = stage
        staged.pairGate = .init(reloadSeconds: 0, witness: nil)
        return staged
    }

    /// What would stop the change of a trust bundle to `bundle`, before anything depends on it.
    func refuse(_ bundle: [CAGeneration]) async throws {
        let stage = CertificateStage(bundle: bundle, leaves: .asInstalled)
        if let refusal = try await Change.toSpec(staged(stage)).prepare().refusal { throw refusal }
    }
}
