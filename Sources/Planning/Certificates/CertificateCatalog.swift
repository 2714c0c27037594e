// SPDX-License-Identifier: Apache-2.0

import Spec

/// The table of certificates that a cluster's aggregation layer needs.
package enum CertificateCatalog {
    /// The requestheader CA: signs proxy-client certificates and nothing else.
    package static func ca(_ spec: ClusterSpec) -> CertificateProfile {
        let ca = spec.certificates.ca
        return CertificateProfile(
            role: .ca, commonName: ca.commonName, names: ca.names, hosts: [], usages: [], key: ca.key,
            validity: ca.validity)
    }

    /// The certificate that the aggregator of a kube-apiserver presents to extension API servers.
    package static func proxyClient(_ spec: ClusterSpec) -> CertificateProfile {
        let leaf = spec.certificates.proxyClient
        return CertificateProfile(
            role: .proxyClient, commonName: leaf.commonName, names: leaf.names, hosts: leaf.hosts,
            usages: leaf.usages, key: leaf.key, validity: leaf.validity)
    }
}

extension CertificateProfile {
    /// One line that two profiles share exactly when a certificate of one serves as one of the other; the validity
    /// is left out, since a new one is honoured at the next renewal.
    package var canonicalText: String {
        let subject = [
            ("C", names.country), ("ST", names.state), ("L", names.locality), ("O", names.organization),
            ("OU", names.organizationalUnit), ("CN", commonName),
        ]
        let attributes = subject.compactMap { name, value in value.map { "\(name)=\(quoted($0))" } }
        return [
            "subject " + attributes.joined(separator: " "),
            "hosts " + hosts.map(\.description).sorted().joined(separator: " "),
            "usages " + Set(usages.map(canonical)).sorted().joined(separator: ", "),
            "key \(key)",
        ].joined(separator: "; ")
    }

    /// `signing` is cfssl's other name of `digital signature`.
    private func canonical(_ usage: CertificateUsage) -> String {
        (usage == .signing ? .digitalSignature : usage).rawValue
    }

    private func quoted(_ text: String) -> String {
        "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
    }
}
