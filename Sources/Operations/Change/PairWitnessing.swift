// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Proofs
import Values

/// Looks at every pair from outside too while pairs change: with a canary, where there is a kubeconfig, and at the
/// extension APIs that answered before.
struct PairWitnessing: Sendable {
    let options: WitnessOptions
    /// How long a kube-apiserver that reads its files each minute is given to do so, where nothing shows it; seconds.
    let reloadSeconds: Int
    /// `NAMESPACE/NAME` of Services that may be lost.
    var accepted: Set<String> = []

    /// Does something with these gates, and clears up after it.
    /// - Parameter body: takes the run with its gates; `controlPlanes.stop` tells whether it was asked to stop.
    func witnessed<T>(
        _ run: Run, _ observed: [ObservedNode], _ body: (Run) async throws -> T
    ) async throws -> T {
        try await witnessed(run, observed, await kubectl(run), body)
    }

    /// - Parameter kubectl: nil where there is no kubeconfig.
    func witnessed<T>(
        _ run: Run, _ observed: [ObservedNode], _ kubectl: Kubectl?, _ body: (Run) async throws -> T
    ) async throws -> T {
        var run = run
        let own =
            run.controlPlanes.stop == nil
            ? StopRequest { [effects = run.effects] in effects.progress(.line($0)) } : nil
        defer { own?.restore() }
        let signals = run.controlPlanes.stop ?? own
        run.controlPlanes.stop = signals
        let services = await ServiceCheck.begin(run.controlPlanes, kubectl, passing: accepted)
        var canary: Canary?
        if options.isWanted, let kubectl { canary = await self.canary(run, observed, kubectl) }
        let witness = PairWitness(canary: canary, effects: run.effects)
        run.pairGate = .init(
            reloadSeconds: reloadSeconds, witness: canary == nil ? nil : witness, services: services)
        do {
            if signals?.isStopped == true { throw Self.stoppedBefore }
            let result = try await body(run)
            await witness.close()
            return result
        } catch {
            await witness.close()
            throw error
        }
    }

    private static let stoppedBefore = BootstrapError(
        "apply/stopped", "stopped as asked, before a certificate was changed", hint: "run it again")

    /// A renewal does not depend on it: the gates that need none are enough.
    private func kubectl(_ run: Run) async -> Kubectl? {
        do { return try await Kubectl.find(run.controlPlanes) } catch {
            run.effects.progress(Self.unseen(error))
            return nil
        }
    }

    private func canary(_ run: Run, _ observed: [ObservedNode], _ kubectl: Kubectl) async -> Canary? {
        do {
            return try await Canary.open(
                run.controlPlanes, kubectl, observed: observed, address: options.address)
        } catch {
            run.effects.progress(Self.unseen(error))
            return nil
        }
    }

    private static func unseen(_ error: any Error) -> ProgressEvent {
        .line(.witness(.presentedNotSeen(because: ErrorReport(error).message)))
    }
}
