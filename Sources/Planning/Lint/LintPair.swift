// SPDX-License-Identifier: Apache-2.0

/// Which of the certificates of a file is the proxy client's.
package struct LintPair: Sendable {
    /// Index of the proxy client certificate; nil where the file has none.
    package let leaf: Int?

    /// - Parameter publicKey: that of the key beside it; nil where it is not known.
    package init(_ certificates: [CertificateSummary], publicKey: String?) {
        let byKey = publicKey.flatMap { key in certificates.firstIndex { $0.publicKeySHA256 == key } }
        let leaf = byKey ?? certificates.firstIndex { !$0.isCA }
        self.leaf = leaf ?? (certificates.isEmpty ? nil : 0)
    }

    /// Whether it stands where Go looks for it.
    package var isFirst: Bool { (leaf ?? 0) == 0 }
}
