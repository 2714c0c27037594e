// SPDX-License-Identifier: Apache-2.0

import Values

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

extension CertificateFileNames {
    /// Paths at which the key of a CA's file may lie: `front-proxy-ca.key` beside `front-proxy-ca.crt`, `ca-key.pem` beside
    /// `ca.pem`.
    package static func keyPaths(ofCA path: String) -> [String] {
        let (directory, name) = path.splitPath
        let stem = name.utf8.lastIndex(of: UInt8(ascii: ".")).map { String(name[..<$0]) } ?? name
        return ["\(stem).key", "\(stem)-key.pem"].map { "\(directory)/\($0)" }.filter {
            $0.bytes != path.bytes
        }
    }
}
