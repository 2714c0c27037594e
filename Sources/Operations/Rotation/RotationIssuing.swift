// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Spec
import StateStore
import Values

/// Issues the proxy clients of the CA that stays, in the state directory only.
struct RotationIssuing: Sendable {
    let context: RotationContext
    private var run: Run { context.run }

    init(_ context: RotationContext) { self.context = context }

    /// Issues the proxy clients that the CA which stays has not signed yet.
    func issueLeaves(_ terms: RotationTerms) async throws {
        let keep = try context.generations(terms).keep
        let inventory = try run.state.inventory()
        let stage = CertificateStage(bundle: [keep], leaves: .signed(by: keep))
        var spec = run.spec
        // On the way back nothing is new: a control plane that came since is not what it was before.
        if terms.direction == .back { spec.nodes = run.nodes }
        let issues = Planner.issues(spec, inventory: inventory, now: run.effects.now(), stage: stage)
        guard !issues.isEmpty else { return }
        guard keep.canSign(for: run.spec) else {
            throw BootstrapError(
                "rotation/no-key",
                "the key of \(keep.certificate.subject) is not in the state directory, so it cannot sign proxy client certificates",
                hint:
                    "restore the state directory from its backup; if a control plane was added to the spec after the rotation "
                    + "began, remove it from the spec until the rotation is finished")
        }
        _ = try await issuer().issue(issues, inventory: inventory, signing: keep)
        context.say(.issue(.clients(issues.count, issuer: keep.certificate.subject)))
    }

    func issuer() -> Issuer {
        run.issuer(at: run.effects.now())
    }

    /// What a new CA needs: itself where it is made here, and the proxy clients of every node.
    func newCA(_ next: CAGeneration?, _ inventory: StateInventory) -> [CertificateIssue] {
        let now = run.effects.now()
        guard let next else { return Planner.newCA(run.spec, inventory: inventory, now: now) }
        return Planner.issues(
            run.spec, inventory: inventory, now: now,
            stage: CertificateStage(bundle: [next], leaves: .signed(by: next)))
    }
}
