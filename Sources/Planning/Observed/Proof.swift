// SPDX-License-Identifier: Apache-2.0

/// One thing that has been shown to hold on a node, or not.
package struct Proof: Sendable, Equatable {
    package enum Outcome: Sendable, Equatable {
        case passed
        case failed
        /// It could not be made; the text says why.
        case notProven
    }

    /// Stable, for example `identity`.
    package var name: String
    package var outcome: Outcome
    /// What was seen.
    package var text: String

    package init(_ name: String, _ outcome: Outcome, _ text: String) {
        self.name = name
        self.outcome = outcome
        self.text = text
    }
}

/// The proofs of one node, in the order in which they were made.
package struct NodeProofs: Sendable, Equatable {
    package var node: String
    package var proofs: [Proof]
    /// The certificates that were found there: the proxy client's, then the CAs that the node trusts.
    package var certificates: [InstalledCertificate]

    package init(node: String, proofs: [Proof], certificates: [InstalledCertificate] = []) {
        self.node = node
        self.proofs = proofs
        self.certificates = certificates
    }
}

/// A certificate that lies on a node.
package struct InstalledCertificate: Sendable, Equatable {
    /// As a plan's JSON names what is issued.
    package enum Role: String, Sendable {
        case ca
        case proxyClient
    }

    package var role: Role
    package var path: String
    package var certificate: CertificateSummary

    package init(_ role: Role, _ path: String, _ certificate: CertificateSummary) {
        self.role = role
        self.path = path
        self.certificate = certificate
    }
}
