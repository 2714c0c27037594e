// SPDX-License-Identifier: Apache-2.0

import ClusterPlan

/// Gives control planes a new proxy-client pair of the same CA, one after the other; flags and units stay as they are.
package struct LeafRotation: Sendable {
    /// The run to prepare and to apply: every pair has to pass its gate before the next control plane gets one.
    package let run: Run

    /// - Parameter reloadSeconds: how long a kube-apiserver older than 1.23 is given to read a changed pair.
    package init(_ run: Run, reloadSeconds: Int) {
        self.init(run, by: .always, reloadSeconds)
    }

    /// What is due on `nodes` by `rule`.
    init(_ run: Run, dueOn nodes: [String], by rule: RenewalRule, reloadSeconds: Int) {
        self.init(run.limited(to: nodes), by: rule, reloadSeconds)
    }

    private init(_ run: Run, by rule: RenewalRule, _ reloadSeconds: Int) {
        var run = run
        run.request.options.renewal = rule
        run.request.options.scope = .certificates
        run.pairReloadSeconds = reloadSeconds
        self.run = run
    }
}
