// SPDX-License-Identifier: Apache-2.0

/// A control plane.
package struct NodeSpec: Sendable, Equatable {
    package var name: String
    /// IP address or DNS name; nil for a `local` node without one.
    package var address: String?
    /// The machine that the program runs on.
    package var local: Bool
    package var ssh: SSHSpec
    /// Extra base arguments of this node in a whole unit (`--advertise-address=...`).
    package var flags: [String]

    package init(
        name: String, address: String? = nil, local: Bool = false, ssh: SSHSpec = SSHSpec(),
        flags: [String] = []
    ) {
        self.name = name
        self.address = address
        self.local = local
        self.ssh = ssh
        self.flags = flags
    }
}
