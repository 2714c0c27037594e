// SPDX-License-Identifier: Apache-2.0

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
