// SPDX-License-Identifier: Apache-2.0

import ClusterPlan

/// Gives every control plane a new proxy-client pair of the same CA, one after the other.
package struct LeafRotation: Sendable {
    /// The run to prepare and to apply: every pair has to pass its gate before the next control plane gets one.
    package let run: Run

    /// - Parameter reloadSeconds: how long a kube-apiserver older than 1.23 is given to read a changed pair.
    package init(_ run: Run, reloadSeconds: Int) {
        var run = run
        run.request.options.renewal = .always
        run.pairReloadSeconds = reloadSeconds
        self.run = run
    }
}
