// SPDX-License-Identifier: Apache-2.0

import Planning
import Proofs

/// Gives control planes a new proxy-client pair of the same CA, one after the other; flags and units stay as they are.
package enum LeafRotation {
    package struct Options: Sendable {
        /// How long a kube-apiserver that reads its files each minute is given to do so, where nothing shows it; seconds.
        package var reloadSeconds: Int
        package var witness: WitnessOptions

        package init(reloadSeconds: Int, witness: WitnessOptions = .init()) {
            (self.reloadSeconds, self.witness) = (reloadSeconds, witness)
        }
    }

    /// On every node of the run.
    package static func change(_ run: Run, _ options: Options) -> Change { change(run, by: .always, options) }

    /// What is due on `nodes` by `rule`.
    static func change(
        _ run: Run, dueOn nodes: [String], by rule: RenewalRule, _ options: Options
    ) -> Change {
        change(run.limited(to: nodes), by: rule, options)
    }

    private static func change(_ run: Run, by rule: RenewalRule, _ options: Options) -> Change {
        var run = run
        run.request.options.renewal = rule
        run.request.options.scope = .certificates
        return Change(
            run, by: SpecPlanner(),
            witnessing: PairWitnessing(
                options: options.witness, reloadSeconds: options.reloadSeconds))
    }
}
