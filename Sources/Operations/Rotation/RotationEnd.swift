// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import Planning
import Spec
import StateStore
import TLS
import Values

/// The end of a rotation: the old pair is seen refused everywhere, then destroyed with what could bring it back.
struct RotationEnd: Sendable {
    let context: RotationContext
    private var run: Run { context.run }

    init(_ context: RotationContext) { self.context = context }

    /// How long an API server is given to refuse the old pair, once it has been seen to trust its CA no more.
    private static let refusalSeconds = 15

    /// Sees the old pair refused everywhere, then destroys it and what could bring it back.
    /// - Parameter observed: what was seen before the old CA was dropped.
    func finish(
        _ terms: RotationTerms, _ rotation: RotationGenerations, _ observed: [ObservedNode],
        _ kubectl: Kubectl?
    ) async throws {
        // Those which stay client CAs.
        let shared = rotation.shared(observed)
        let refusals = try await refuseOldPair(terms, rotation, isClient: !shared.isEmpty)
        if terms.cause.isCompromise {
            try await Compromise(context).seeDistrusted(
                rotation.retire, butNot: rotation.namedAsClientCA(observed), kubectl)
        }
        let results = await onEachNode(run.nodes) { node in
            try NodeTransaction.forgetCopies(unit: run.spec.apiServer.unit, on: run.link(node).node)
        }
        _ = try ControlPlanes.values(run.nodes, results)
        // The key of a CA that goes on signing for clients is not ours to remove.
        if terms.direction == .forward, shared.isEmpty { try await RetiredCAKeys(context).remove(rotation) }
        let now = run.effects.now()
        if terms.cause.isCompromise, terms.direction == .forward {
            try CompromisedCAs(state: run.state).add(
                rotation.retire.map(\.certificate), now: now, ledger: context.ledger)
        }
        for generation in rotation.retire {
            try run.state.dropGeneration(generation.id, because: "replaced by \(rotation.keep.id) at \(now)")
        }
        try run.state.forgetForeign(rotation.keep)
        try RetiredPair(state: run.state).remove()
        if !terms.again { try context.ledger.appendEnd(of: terms, now: now) }
        context.say(.proof(refusals))
        CrossSigning(context).sayWhatIsVouchedFor(terms, rotation)
        if terms.cause.isCompromise, !shared.isEmpty {
            context.say(
                .proof(
                    .clientCAStays(
                        subjects: shared.map(\.certificate.subject),
                        isKeyLost: terms.cause == .compromisedCA)))
        }
    }

    /// - Parameters:
    ///   - isClient: whether the pair is still that of a client, who may act under its own name.
    ///   - seconds: how long each API server is given.
    /// - Returns: what was seen.
    func refuseOldPair(
        _ terms: RotationTerms, _ rotation: RotationGenerations, isClient: Bool,
        within seconds: Int = Self.refusalSeconds
    ) async throws -> StageNote.Proof {
        // After a kill in the midst of the end the old keys may be gone already: they were proved refused before.
        if rotation.retire.allSatisfy({ $0.standing == .dropped }) { return .reachedBefore }
        guard let pair = try oldPair(terms, rotation) else {
            if terms.direction == .back { return .abortedBeforeCertificates }
            throw BootstrapError(
                "rotation/not-proven", status: .proofFailed,
                "no certificate and key of the old CA are left to prove that it is refused",
                hint: "run aggbootstrap verify to see that no API server names the old CA any more")
        }
        context.say(.proof(.waitsForRefusal))
        let results = await onEachNode(run.nodes) { node in
            let deadline = ContinuousClock.now + .seconds(seconds)
            while true {
                guard let connection = try run.controlPlanes.connection(node) else {
                    throw BootstrapError(
                        "rotation/no-process", status: .proofFailed,
                        "\(node.name): kube-apiserver is not running")
                }
                let outcome = try connection.outcome(of: pair, as: APIServerConnection.probeUser())
                if outcome == .rejected { return }
                if isClient, case .takenFor = outcome { return }
                guard ContinuousClock.now < deadline else {
                    throw BootstrapError(
                        "rotation/old-accepted", status: .proofFailed,
                        "\(node.name): the old certificate is not refused yet: \(outcome)",
                        hint: "restart its kube-apiserver when possible, then run it again")
                }
                try await run.controlPlanes.pause(.milliseconds(500))
            }
        }
        _ = try ControlPlanes.values(run.nodes, results)
        context.say(.proof(.refused))
        return .reached
    }

    /// A pair that the CA which goes has signed.
    private func oldPair(_ terms: RotationTerms, _ rotation: RotationGenerations) throws -> ClientIdentity? {
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
}
