// SPDX-License-Identifier: Apache-2.0

import Spec

/// A node as ssh(1) is told of it. Everything that is not said here is the operator's ssh_config: ports, keys, agents,
/// jump hosts.
package struct SSHDestination: Sendable, Equatable {
    /// What errors call the node.
    package let name: String
    package let address: String
    package let ssh: SSHSpec

    /// - Returns: nil for a node without an address.
    package init?(_ node: NodeSpec) {
        guard let address = node.address else { return nil }
        name = node.name
        self.address = address
        ssh = node.ssh
    }

    /// Seconds until a connection that does not come about is given up.
    static let connectSeconds = 10

    /// Options of every call, in front of the destination. The first value that ssh gets for an option wins, so
    /// ssh_config cannot loosen these.
    /// - Parameter runtime: the run's own directory, for control sockets and pinned keys.
    func options(_ runtime: SSHRuntime) -> [String] {
        var options = ssh.configFile.map { ["-F", $0] } ?? []
        var settings = [
            "BatchMode=yes", "StrictHostKeyChecking=yes", "UpdateHostKeys=no", "VerifyHostKeyDNS=no",
            "ConnectTimeout=\(Self.connectSeconds)", "ServerAliveInterval=5", "ServerAliveCountMax=3",
            "ControlPath=\(runtime.controlPath(self))", "ControlPersist=no", "ClearAllForwardings=yes",
            "ForwardAgent=no", "ForwardX11=no", "PermitLocalCommand=no", "RemoteCommand=none",
            "RequestTTY=no",
            "EscapeChar=none", "LogLevel=ERROR", "Tunnel=no",
        ]
        if let type = ssh.hostKey?.split(separator: " ").first {
            settings += [
                "UserKnownHostsFile=\(runtime.knownHostsFile(self))", "GlobalKnownHostsFile=/dev/null",
                "HostKeyAlias=\(Self.alias)", "HostKeyAlgorithms=\(Self.signatures(of: String(type)))",
                "CheckHostIP=no", "KnownHostsCommand=none",
            ]
        }
        options += settings.flatMap { ["-o", $0] }
        if let user = ssh.user { options += ["-l", user] }
        return options
    }

    /// The pinned key as a line of known_hosts; nil where none is pinned.
    var knownHostsLine: String? { ssh.hostKey.map { "\(Self.alias) \($0)\n" } }

    private static let alias = "aggbootstrap-pinned-node"

    /// An RSA key signs with SHA-2; the name of the key's type stands for the SHA-1 that ssh no longer takes.
    private static func signatures(of type: String) -> String {
        type == "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256" : type
    }

    /// A command line for the node's login shell that runs a fixed text without single quotes, as root where the spec
    /// says so.
    func remote(_ script: String) -> String { "exec \(ssh.sudo ? "sudo -n " : "")sh -c '\(script)'" }
}
