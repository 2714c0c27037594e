// SPDX-License-Identifier: Apache-2.0

import Values

/// The proxy client certificate and key that a running API server names, where they lie elsewhere than the spec says.
package struct PairInUse: Sendable, Equatable {
    package var certificate: ObservedFile
    /// With its digest, and without its content.
    package var key: ObservedFile
    package var leaf: CertificateSummary

    package init(certificate: ObservedFile, key: ObservedFile, leaf: CertificateSummary) {
        self.certificate = certificate
        self.key = key
        self.leaf = leaf
    }
}
