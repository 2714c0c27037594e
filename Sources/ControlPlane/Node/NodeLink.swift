// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import OpenSSL
import Spec
import Synchronization
import SystemdBus
import TLS
import Values

/// The ways to one node: its files and programs, its systemd, and its API server.
package struct NodeLink: Sendable {
    package let node: any NodeTransport
    /// Who runs units there, or stands in for it (`ExternalAPIServer`); nil offline.
    package let units: (any UnitManager)?
    /// The way to the node's API server where this machine has none of its own; nil where there is no other.
    package let tunnel: Tunnel?
    /// The API server as it is asked there.
    let server: @Sendable (APIServerEndpoint, ServerTrust) -> any APIServer
    /// The pair that lies there, for all who ask the node's API server in this run.
    let installed: InstalledIdentity

    init(
        node: any NodeTransport, units: (any UnitManager)?, tunnel: Tunnel?,
        server: @escaping @Sendable (APIServerEndpoint, ServerTrust) -> any APIServer = {
            TLSAPIServer($0, trust: $1)
        }
    ) {
        (self.node, self.units, self.tunnel, self.server) = (node, units, tunnel, server)
        installed = InstalledIdentity(node)
    }
}

extension NodeLink {
    /// The kube-apiserver of a node where something else than systemd runs it; nil for a unit's.
    var external: ExternalAPIServer? { units as? ExternalAPIServer }
}
