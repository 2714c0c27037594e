// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import StateStore

/// Every control plane is to trust both CAs.
struct TrustStage: Sendable {
    let context: RotationContext
    let gates: RotationGates

    /// - Parameter observed: what was seen a moment ago.
    func change(
        _ rotation: RotationGenerations, _ observed: [ObservedNode], _ lock: StateLock,
        _ course: inout RotationCourse
    ) async throws {
        context.say(.trust(.installs))
        let change = StageChange(context)
        let both = CertificateStage(bundle: rotation.both, leaves: .asInstalled)
        try await change.apply(in: change.staged(both), observed, lock, &course)
    }

    /// Waits until all have loaded both, and extension servers are told of them.
    func wait(_ rotation: RotationGenerations, _ terms: RotationTerms) async throws {
        try await gates.waitForTrust(
            rotation.both, without: [],
            terms.cause.isCompromise
                ? .passing(afterSeconds: Compromise.emergencySeconds) : .asAPIServers
        ) { context.say(.trust(.reader($0))) }
        try await gates.waitForPublished([rotation.keep])
        context.say(.trust(.reached))
    }
}
