// SPDX-License-Identifier: Apache-2.0

import ClusterPlan

/// Gives control planes a new proxy-client pair of the same CA, one after the other; flags and units stay as they are.
package struct LeafRotation: Sendable {
    /// The run to prepare: `apply` then applies what it finds.
    package let run: Run
    private let options: Options

    package struct Options: Sendable {
        /// How long a kube-apiserver that reads its files each minute is given to do so, where nothing shows it; seconds.
        package var reloadSeconds: Int
        package var witness: WitnessOptions

        package init(reloadSeconds: Int, witness: WitnessOptions = .init()) {
            (self.reloadSeconds, self.witness) = (reloadSeconds, witness)
        }
    }

    package init(_ run: Run, _ options: Options) { self.init(run, by: .always, options) }

    /// What is due on `nodes` by `rule`.
    init(_ run: Run, dueOn nodes: [String], by rule: RenewalRule, _ options: Options) {
        self.init(run.limited(to: nodes), by: rule, options)
    }

    private init(_ run: Run, by rule: RenewalRule, _ options: Options) {
        var run = run
        run.request.options.renewal = rule
        run.request.options.scope = .certificates
        self.run = run
        self.options = options
    }

    /// Sees that each kube-apiserver whose pair changes will notice that.
    /// - Throws: `rotation/not-watched`, `rotation/hard-link`.
    package func check(_ preparation: Preparation) async throws {
        guard run.access == .live else { return }
        let changed = Set(preparation.plan.nodes.filter { !$0.isEmpty }.map(\.name))
        try await run.refuseUnwatched(run.nodes.filter { changed.contains($0.name) }, manyChanges: true)
    }

    /// Applies what was prepared: every pair has to pass its gate before the next control plane gets one.
    /// - Throws: as `Run.apply`.
    package func apply(_ preparation: Preparation, lock: Run.StateLock?) async throws -> ApplyOutcome {
        guard run.access == .live, !preparation.plan.isEmpty else {
            return try await run.apply(preparation, lock: lock)
        }
        return try await run.witnessingPairs(
            preparation.observed, await kubectl(), options.witness, reloadSeconds: options.reloadSeconds
        ) { run, _ in try await run.apply(preparation, lock: lock) }
    }

    /// A renewal does not depend on it: the gates that need none are enough.
    private func kubectl() async -> Kubectl? {
        do { return try await Kubectl.find(run) } catch {
            run.effects.progress(
                .line("which certificate aggregators present is not seen: \(ErrorReport(error).message)"))
            return nil
        }
    }
}
