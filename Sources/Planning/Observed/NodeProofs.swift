// SPDX-License-Identifier: Apache-2.0

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
