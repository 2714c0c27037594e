// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// A bundle of CA certificates as it lies on a node.
package struct ObservedBundle: Sendable, Equatable {
    package var path: String
    package var certificates: [CertificateSummary]
    /// Why it could not be read as certificates; nil where it could.
    package var problem: Message?

    package init(path: String, certificates: [CertificateSummary], problem: Message? = nil) {
        self.path = path
        self.certificates = certificates
        self.problem = problem
    }
}
