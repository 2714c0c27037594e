// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// What to judge without a spec.
package struct LintRequest: Sendable {
    /// Trees of nodes, directories of such trees, tar archives of either, and files.
    package var paths: [String]
    /// The version that kube-apiserver has, or is about to have; nil where nobody says.
    package var version: KubernetesVersion?
    /// Certificates that end within this time are told; seconds.
    package var warnSeconds: Int64
    package var now: UnixTime
    /// How many trees are judged at once.
    package var threads: Int

    package init(
        paths: [String], version: KubernetesVersion?, warnSeconds: Int64, now: UnixTime, threads: Int
    ) {
        self.paths = paths
        self.version = version
        self.warnSeconds = warnSeconds
        self.now = now
        self.threads = threads
    }
}
