// SPDX-License-Identifier: Apache-2.0

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
