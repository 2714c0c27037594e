// SPDX-License-Identifier: Apache-2.0

/// How a node is reached; everything else is the operator's ssh_config.
package struct SSHSpec: Sendable, Equatable {
    package var user: String?
    package var sudo: Bool
    package var configFile: String?
    package var hostKey: String?

    package init(user: String? = nil, sudo: Bool = false, configFile: String? = nil, hostKey: String? = nil) {
        self.user = user
        self.sudo = sudo
        self.configFile = configFile
        self.hostKey = hostKey
    }
}
