// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// Whose leaf it is.
package enum LeafOwner {
    /// The one leaf of a cluster with `perNode: false`; no node can have this name.
    package static let shared = "_shared"

    /// The owner of `node`'s leaf.
    package static func of(_ node: NodeSpec, in spec: ClusterSpec) -> String {
        spec.certificates.proxyClient.perNode ? node.name : shared
    }
}
