// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import StateStore
import Values

/// No control plane, and nobody else, is to trust the CA that goes.
struct DropStage: Sendable {
    let context: RotationContext
    let gates: RotationGates

    /// - Parameter observed: what was seen a moment ago.
    func change(
        _ rotation: RotationGenerations, _ observed: [ObservedNode], _ lock: StateLock,
        _ course: inout RotationCourse
    ) async throws {
        context.say(.drop(.removes(subjects: rotation.retire.map(\.certificate.subject))))
        let stage = CertificateStage(bundle: [rotation.keep], leaves: .asInstalled)
        let change = StageChange(context)
        try await change.apply(in: change.staged(stage), observed, lock, &course)
    }

    /// Waits until nobody on a control plane trusts it, and has extension servers told so.
    /// - Parameter named: CAs that go and whose name a client CA has too: handshakes always name them.
    func wait(_ rotation: RotationGenerations, butNot named: [CAGeneration]) async throws {
        let gone = rotation.retire.filter { !named.contains($0) }
        try await gates.waitForTrust([rotation.keep], without: gone, .asAPIServers) {
            context.say(.drop(.reader($0)))
        }
        if gates.kubectl != nil {
            let seconds = context.options.watchSeconds
            let until = context.run.effects.now().advanced(bySeconds: Int64(seconds))
            context.say(.drop(.watchesConfigMap(seconds: seconds, until: until)))
        }
        try await gates.prune(
            rotation.retire, keeping: rotation.keep, watchSeconds: context.options.watchSeconds)
        context.say(.drop(.reached))
    }
}
