// SPDX-License-Identifier: Apache-2.0

import Values

/// The certificates of a PEM text, in order; other text and blocks are skipped, as Kubernetes does.
package struct PEMCertificates {
    /// What becomes of a text that also holds a private key.
    package enum PrivateKeys {
        /// Throws `.keyInBundle`: every process may read the file.
        case refused
        case skipped
    }

    /// DER of each certificate: one or more, not decoded further.
    package let der: [[UInt8]]
    /// Whether anything but white space follows the last block.
    package let hasTrailingText: Bool

    /// - Parameter path: what an error names.
    /// - Throws: `.malformed` where there is none, where a block is not closed, or where lines that are not base64 stand
    ///   in a certificate's block.
    package init(_ pem: [UInt8], path: String, privateKeys: PrivateKeys) throws(PKIError) {
        self = try pem.withUnsafeBytes { text in
            Result { () throws(PKIError) in try PEMCertificates(text, path, privateKeys) }
        }.get()
    }

    private init(
        _ text: UnsafeRawBufferPointer, _ path: String, _ privateKeys: PrivateKeys
    ) throws(PKIError) {
        let operation = X509Handle.reading
        let found = try PEMBlocks(in: text, operation: operation, subject: path)
        if privateKeys == .refused, found.blocks.contains(where: \.isPrivateKey) {
            throw PKIError(
                .keyInBundle, operation: operation, subject: path, underlying: "it holds a private key",
                hint:
                    "every process may read this file: remove the key from it, and replace the key if others may have read it"
            )
        }
        var der: [[UInt8]] = []
        for block in found.blocks where block.label == "CERTIFICATE" {
            let decoded = try DecodedPEM(
                UnsafeRawBufferPointer(rebasing: text[block.range]), operation: operation, subject: path)
            guard decoded.headers == .none else {
                throw PKIError(
                    .malformed, operation: operation, subject: path,
                    underlying: "its PEM block holds lines that are not base64",
                    hint: "Kubernetes silently ignores such a block: write the certificate again")
            }
            der.append(Array(decoded.bytes))
        }
        guard !der.isEmpty else {
            let other: Message =
                found.blocks.first.map { "its block is \($0.label)" } ?? "it has no PEM block"
            throw PKIError(.malformed, operation: operation, subject: path, underlying: other)
        }
        self.der = der
        hasTrailingText = found.hasTrailingText
    }
}
