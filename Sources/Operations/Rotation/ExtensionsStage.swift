// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Proofs
import Values

/// Every extension server is to trust the new CA; nothing on a control plane changes.
struct ExtensionsStage: Sendable {
    let context: RotationContext
    /// nil where there is no kubeconfig.
    let kubectl: Kubectl?
    private var crossSigning: CrossSigning { CrossSigning(context) }

    func wait(_ rotation: RotationGenerations, _ terms: RotationTerms) async throws {
        let generation = rotation.keep
        guard let kubectl else {
            context.say(.extensions(.notChecked))
            return
        }
        context.say(.extensions(.waits(subject: generation.certificate.subject)))
        let laggards = try await ExtensionServers(controlPlanes: context.run.controlPlanes, kubectl: kubectl)
            .laggards(
                without: generation, after: crossSigning.previousName(rotation),
                isVouchedFor: crossSigning.vouching(generation) != nil,
                accepted: context.options.acceptsLaggards,
                seconds: terms.cause.isCompromise ? Compromise.emergencySeconds : ExtensionServers.seconds
            ) { context.say(.extensions(.found($0))) }
        if terms.cause.isCompromise { return Compromise(context).goOn(without: laggards, generation) }
        let left = crossSigning.withoutVouched(laggards, generation)
        guard let first = left.first else { return context.say(.extensions(.reached)) }
        throw BootstrapError(
            "rotation/laggard", status: .proofFailed,
            "the extension API server \(first.endpoint) of \(first.service): \(first.why)",
            hint: crossSigning.laggardHint(first, terms, rotation),
            details: left.dropFirst().map { "\($0.endpoint) of \($0.service): \($0.why)" })
    }
}
