// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import StateStore
import Values

/// What every part of a CA's rotation is given: the run, what the operator chose, and where the rotation is written down.
struct RotationContext: Sendable {
    let run: Run
    let options: RotationOptions
    let ledger: Ledger

    init(_ run: Run, _ options: RotationOptions) {
        self.run = run
        self.options = options
        ledger = Ledger(state: run.state)
    }

    /// The same on some of the run's control planes alone.
    func limited(to names: [String]) -> RotationContext {
        RotationContext(run.limited(to: names), options)
    }

    /// The rotation that is open in the state; nil where none is.
    func open() throws -> RotationTerms? { try ledger.openRotation() }

    /// Whether an open rotation is over without this state: another copy of it has given the control planes a CA that is none
    /// of its own, and the operator goes on from this one all the same.
    func isOvertaken(
        _ terms: RotationTerms, _ observed: [ObservedNode], _ inventory: StateInventory
    ) -> Bool {
        guard run.request.options.acceptsOlderState, let keep = inventory.generation(terms.keep),
            OlderState.refusal(run.spec, inventory: inventory, nodes: observed) != nil
        else { return false }
        let retire = terms.retire.compactMap(inventory.generation)
        return observed.map { RotationPosition.Node($0, keep: keep, retire: retire) }
            .allSatisfy { !$0.trustsKept && !$0.trustsRetired }
    }

    /// Whether control planes present what another copy of the state has issued under the CA that stays, where the
    /// operator goes on from an older one: only a CA that the other copy does not have makes this one the newest.
    func haveLeavesOfAnotherCopy(_ observed: [ObservedNode], _ terms: RotationTerms) throws -> Bool {
        guard terms.direction == .forward,
            let known = try run.state.inventory().issuedLeaves
        else { return false }
        return observed.contains { $0.installedLeaf.map { !known.contains($0.fingerprintSHA256) } ?? false }
    }

    /// Tells the operator of a stage.
    func say(_ note: StageNote) { run.effects.progress(.stage(note)) }

    /// Why a control plane stops the rotation.
    func refusal(
        _ code: String, _ node: ObservedNode, _ why: Message,
        _ hint: Message = "fix that first; nothing was changed"
    ) -> BootstrapError { BootstrapError(code, "\(node.name): \(why)", hint: hint) }

    /// - Throws: `rotation/no-kubeconfig` where there is none and the operator did not say that there needs none.
    func kubectl() async throws -> Kubectl? {
        let kubectl = try await Kubectl.find(run.controlPlanes)
        if kubectl == nil, !options.acceptsUnseenExtensions {
            throw BootstrapError(
                "rotation/no-kubeconfig",
                "there is no kubeconfig to find the extension API servers with, so it would not be known whether they trust the "
                    + "new CA",
                hint:
                    "set apiServer.kubeconfig to an administrator's; if there are no extension API servers, continue "
                    + "with --accept-unseen-extensions")
        }
        return kubectl
    }

    /// - Throws: `state/damaged` where the state lacks one of them.
    func generations(_ terms: RotationTerms) throws -> RotationGenerations {
        let inventory = try run.state.inventory()
        let retire = terms.retire.compactMap(inventory.generation)
        guard let keep = inventory.generation(terms.keep), retire.count == terms.retire.count else {
            throw BootstrapError(
                "state/damaged",
                "the ledger names a CA generation that the state directory does not hold: "
                    + ([terms.keep] + terms.retire).joined(separator: ", "),
                hint: "restore the state directory from its backup")
        }
        return RotationGenerations(keep: keep, retire: retire)
    }

    /// The stage that the control planes are at.
    func stage(
        _ observed: [ObservedNode], _ rotation: RotationGenerations, _ terms: RotationTerms
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
