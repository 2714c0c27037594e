// SPDX-License-Identifier: Apache-2.0

/// A cluster as its operator declares it: the validated form of an `aggbootstrap/v1` JSON document.
///
/// Every value in it has been checked by `SpecValidation`, and every default is filled in.
package struct ClusterSpec: Sendable, Equatable {
    package var cluster: String
    package var kubernetesVersion: KubernetesVersion?
    package var stateDirectory: String?
    package var certificates: CertificatesSpec
    package var requestHeader: RequestHeaderSpec
    package var apiServer: APIServerSpec
    package var nodes: [NodeSpec]

    package init(
        cluster: String, kubernetesVersion: KubernetesVersion?, stateDirectory: String?,
        certificates: CertificatesSpec, requestHeader: RequestHeaderSpec, apiServer: APIServerSpec,
        nodes: [NodeSpec]
    ) {
        self.cluster = cluster
        self.kubernetesVersion = kubernetesVersion
        self.stateDirectory = stateDirectory
        self.certificates = certificates
        self.requestHeader = requestHeader
        self.apiServer = apiServer
        self.nodes = nodes
    }
}

/// A Kubernetes minor version such as 1.20.
package struct KubernetesVersion: Sendable, Equatable, Comparable, CustomStringConvertible {
    package let major: Int
    package let minor: Int

    package init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    package var description: String { "\(major).\(minor)" }

    package static func < (a: Self, b: Self) -> Bool { (a.major, a.minor) < (b.major, b.minor) }
}

/// `certificates`: where the files lie on a node, and what is issued.
package struct CertificatesSpec: Sendable, Equatable {
    /// Absolute directory on every node.
    package var directory: String
    package var files: CertificateFileNames
    package var ca: CASpec
    package var proxyClient: ProxyClientSpec

    package init(
        directory: String, files: CertificateFileNames, ca: CASpec, proxyClient: ProxyClientSpec
    ) {
        self.directory = directory
        self.files = files
        self.ca = ca
        self.proxyClient = proxyClient
    }
}

/// Names of the three node files within `CertificatesSpec.directory`; a name has no slash.
package struct CertificateFileNames: Sendable, Equatable {
    package var ca: String
    package var certificate: String
    package var key: String

    package init(
        ca: String = "aggregator-ca.pem", certificate: String = "aggregator.pem",
        key: String = "aggregator-key.pem"
    ) {
        self.ca = ca
        self.certificate = certificate
        self.key = key
    }
}

/// The subject attributes beside the common name, in cfssl's order; nil or empty is left out.
package struct SubjectNames: Sendable, Equatable {
    package var country: String?
    package var state: String?
    package var locality: String?
    package var organization: String?
    package var organizationalUnit: String?

    package init(
        country: String? = nil, state: String? = nil, locality: String? = nil, organization: String? = nil,
        organizationalUnit: String? = nil
    ) {
        self.country = country
        self.state = state
        self.locality = locality
        self.organization = organization
        self.organizationalUnit = organizationalUnit
    }
}

/// A key's algorithm with its size in bits.
package enum KeyAlgorithm: Sendable, Hashable, CustomStringConvertible {
    /// 2048, 3072 or 4096 bits.
    case rsa(bits: Int)
    /// NIST curve P-256, P-384 or P-521.
    case ecdsa(bits: Int)
    case ed25519

    package var description: String {
        switch self {
        case .rsa(let bits): "RSA-\(bits)"
        case .ecdsa(let bits): "ECDSA P-\(bits)"
        case .ed25519: "Ed25519"
        }
    }
}

/// The requestheader CA.
package struct CASpec: Sendable, Equatable {
    /// Base name; a generation appends a space and the first 8 hex digits of its SKI.
    package var commonName: String
    package var names: SubjectNames
    package var key: KeyAlgorithm
    package var validity: ValidityPeriod
    /// Whether its private key stays in the state once it has signed; without it, whatever has to be signed later takes
    /// another CA.
    package var keepsKey: Bool

    package init(
        commonName: String, names: SubjectNames, key: KeyAlgorithm, validity: ValidityPeriod,
        keepsKey: Bool = true
    ) {
        self.keepsKey = keepsKey
        self.commonName = commonName
        self.names = names
        self.key = key
        self.validity = validity
    }
}

/// The proxy-client leaf.
package struct ProxyClientSpec: Sendable, Equatable {
    package var commonName: String
    package var names: SubjectNames
    package var hosts: [SubjectAlternativeName]
    package var usages: [CertificateUsage]
    package var key: KeyAlgorithm
    package var validity: ValidityPeriod
    /// One key and certificate per node (true), or one shared by all.
    package var perNode: Bool

    package init(
        commonName: String, names: SubjectNames, hosts: [SubjectAlternativeName], usages: [CertificateUsage],
        key: KeyAlgorithm, validity: ValidityPeriod, perNode: Bool
    ) {
        self.commonName = commonName
        self.names = names
        self.hosts = hosts
        self.usages = usages
        self.key = key
        self.validity = validity
        self.perNode = perNode
    }
}

/// A subject alternative name, in canonical form.
package enum SubjectAlternativeName: Sendable, Hashable, CustomStringConvertible {
    case dns(DNSName)
    case ip(IPAddress)

    package var description: String {
        switch self {
        case .dns(let name): name.description
        case .ip(let address): address.description
        }
    }
}

/// A key usage or extended key usage under the name that cfssl gives it.
package enum CertificateUsage: String, Sendable, CaseIterable {
    case signing
    case digitalSignature = "digital signature"
    case contentCommitment = "content commitment"
    case keyEncipherment = "key encipherment"
    case keyAgreement = "key agreement"
    case dataEncipherment = "data encipherment"
    case serverAuth = "server auth"
    case clientAuth = "client auth"
}

/// How long a certificate is valid; always positive.
package struct ValidityPeriod: Sendable, Hashable, CustomStringConvertible {
    package let seconds: Int64

    package init(seconds: Int64) { self.seconds = seconds }

    /// Days where it is a whole number of days, else hours, else seconds.
    package var description: String {
        if seconds % 86400 == 0 { return "\(seconds / 86400)d" }
        return seconds % 3600 == 0 ? "\(seconds / 3600)h" : "\(seconds)s"
    }
}

/// The headers and names by which an extension server recognises the aggregator.
package struct RequestHeaderSpec: Sendable, Equatable {
    package var allowedNames: [String]
    package var usernameHeaders: [String]
    package var groupHeaders: [String]
    package var extraHeadersPrefix: [String]

    package init(
        allowedNames: [String], usernameHeaders: [String] = ["X-Remote-User"],
        groupHeaders: [String] = ["X-Remote-Group"], extraHeadersPrefix: [String] = ["X-Remote-Extra-"]
    ) {
        self.allowedNames = allowedNames
        self.usernameHeaders = usernameHeaders
        self.groupHeaders = groupHeaders
        self.extraHeadersPrefix = extraHeadersPrefix
    }
}

/// Where the aggregation flags are written.
package enum FlagsPlacement: String, Sendable, CaseIterable {
    case auto
    case dropIn
    case environmentFile
    case unit
}

/// `apiServer`: the unit that runs kube-apiserver, and how it is asked.
package struct APIServerSpec: Sendable, Equatable {
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
        unit: String = "kube-apiserver.service", flagsIn: FlagsPlacement = .auto,
        environmentFile: EnvironmentFileSpec? = nil, aggregatorRouting: Bool = false,
        decidesRouting: Bool = false,
        executable: String = "/usr/local/bin/kube-apiserver", flags: [String]? = nil,
        serverCAFile: String? = nil, kubeconfig: String? = nil, clientCAFile: String? = nil
    ) {
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

/// One variable in a file that the unit reads with `EnvironmentFile=`.
package struct EnvironmentFileSpec: Sendable, Equatable {
    package var path: String
    package var variable: String

    package init(path: String, variable: String) {
        self.path = path
        self.variable = variable
    }
}

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
