// SPDX-License-Identifier: Apache-2.0

/// `apiServer`: what runs kube-apiserver, and how it is asked.
package struct APIServerSpec: Sendable, Equatable {
    package var managedBy: APIServerManager
    /// A `.service` unit name.
    package var unit: String
    package var flagsIn: FlagsPlacement
    package var environmentFile: EnvironmentFileSpec?
    package var aggregatorRouting: Bool
    /// Whether the spec says so itself, and not its default.
    package var decidesRouting: Bool
    /// Absolute path of the program in a whole unit.
    package var executable: String
    /// Base arguments of a whole unit (one argument each, no aggregation flag); nil unless given.
    package var flags: [String]?
    /// A CA file on the operator's machine that the API server's certificate is checked with.
    package var serverCAFile: String?
    /// A kubeconfig on the operator's machine.
    package var kubeconfig: String?
    /// The client CA bundle's path on the node; default: the effective `--client-ca-file`.
    package var clientCAFile: String?

    package init(
        managedBy: APIServerManager = .systemd, unit: String = "kube-apiserver.service",
        flagsIn: FlagsPlacement = .auto,
        environmentFile: EnvironmentFileSpec? = nil, aggregatorRouting: Bool = false,
        decidesRouting: Bool = false,
        executable: String = "/usr/local/bin/kube-apiserver", flags: [String]? = nil,
        serverCAFile: String? = nil, kubeconfig: String? = nil, clientCAFile: String? = nil
    ) {
        self.managedBy = managedBy
        self.unit = unit
        self.flagsIn = flagsIn
        self.environmentFile = environmentFile
        self.aggregatorRouting = aggregatorRouting
        self.decidesRouting = decidesRouting
        self.executable = executable
        self.flags = flags
        self.serverCAFile = serverCAFile
        self.kubeconfig = kubeconfig
        self.clientCAFile = clientCAFile
    }
}

extension APIServerSpec {
    package var isExternal: Bool { managedBy == .external }

    /// What messages call the running API server: its unit, or its program where no unit of ours runs it.
    package var displayName: String { isExternal ? "kube-apiserver" : unit }
}
