// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// What a certificate must be: one row of the certificate catalog, ready to be issued.
package struct CertificateProfile: Sendable, Equatable {
    package enum Role: Sendable, Equatable {
        /// A self-signed requestheader CA; the issuer appends its generation to the common name.
        case ca
        /// A client certificate that the aggregator presents.
        case proxyClient
    }

    package var role: Role
    package var commonName: String
    package var names: SubjectNames
    package var hosts: [SubjectAlternativeName]
    package var usages: [CertificateUsage]
    package var key: KeyAlgorithm
    package var validity: ValidityPeriod

    package init(
        role: Role, commonName: String, names: SubjectNames, hosts: [SubjectAlternativeName],
        usages: [CertificateUsage], key: KeyAlgorithm, validity: ValidityPeriod
    ) {
        self.role = role
        self.commonName = commonName
        self.names = names
        self.hosts = hosts
        self.usages = usages
        self.key = key
        self.validity = validity
    }
}
