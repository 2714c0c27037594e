// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Planning
import Values

/// One X.509 certificate: its bytes, and what they say.
///
/// Parsed and well-formed, but not yet trusted: that is `ChainVerifier`'s answer.
package struct Certificate: Sendable, Equatable {
    package let der: [UInt8]
    /// One CERTIFICATE block in lines of 64 characters, with a newline at its end.
    package let pem: [UInt8]
    package let summary: CertificateSummary
    /// As libcrypto has it: decoding the public key anew takes it some two million instructions.
    let x509: SharedX509

    /// Reads DER; throws `.malformed` for anything else, for bytes after it and for an extension that cannot
    /// be read. `path` is what an error names.
    package init(der: [UInt8], path: String = "the certificate") throws(PKIError) {
        let handle = try X509Handle.parse(der, path: path)
        let buffer = BIOHandle(owning: try owned("write", path) { BIO_new(BIO_s_mem()) })
        try check("write", path) { PEM_write_bio_X509(buffer.pointer, handle.pointer) }
        self.der = der
        pem = buffer.contents()
        summary = try CertificateSummary(reading: handle, der: der, path: path)
        x509 = SharedX509(handle)
    }

    package static func == (a: Certificate, b: Certificate) -> Bool { a.der == b.der }

    /// Reads a file of exactly one certificate; text may come before it, nothing may follow.
    package static func parse(pem: [UInt8], path: String) throws(PKIError) -> Certificate {
        let (certificates, hasTrailingText) = try certificates(in: pem, path)
        guard certificates.count == 1, !hasTrailingText else {
            let cause =
                certificates.count > 1
                ? "it has \(certificates.count) certificates, and must have one"
                : "something follows the certificate"
            throw PKIError(.malformed, operation: operation, subject: path, underlying: cause)
        }
        return certificates[0]
    }

    /// Reads a file of one or more certificates, in order; other text and blocks are skipped, as Kubernetes
    /// does, but a private key among them throws `.keyInBundle`.
    package static func parseBundle(pem: [UInt8], path: String) throws(PKIError) -> [Certificate] {
        try certificates(in: pem, path).0
    }

    /// SHA-256 of each certificate of a PEM text, lower-case hex; empty for a text without one.
    ///
    /// None is looked into: among hundreds that others have written, one that cannot be read is none of our business.
    /// - Parameter path: what an error names.
    /// - Throws: `.malformed` for a block that is not closed, or is no base64.
    package static func fingerprints(pem: [UInt8], path: String) throws(PKIError) -> Set<String> {
        try pem.withUnsafeBytes { text in
            Result { () throws(PKIError) -> Set<String> in
                var fingerprints: Set<String> = []
                for block in try PEMBlocks(in: text, operation: operation, subject: path).blocks
                where block.label == "CERTIFICATE" {
                    let decoded = try DecodedPEM(
                        UnsafeRawBufferPointer(rebasing: text[block.range]), operation: operation,
                        subject: path)
                    fingerprints.insert(try Digest.sha256Hex(Array(decoded.bytes)))
                }
                return fingerprints
            }
        }.get()
    }

    private static let operation = "read the certificate"

    private static func certificates(
        in pem: [UInt8], _ path: String
    ) throws(PKIError) -> ([Certificate], hasTrailingText: Bool) {
        try pem.withUnsafeBytes { text in
            Result { () throws(PKIError) in try certificates(in: text, path) }
        }.get()
    }

    private static func certificates(
        in text: UnsafeRawBufferPointer, _ path: String
    ) throws(PKIError) -> ([Certificate], hasTrailingText: Bool) {
        let found = try PEMBlocks(in: text, operation: operation, subject: path)
        if found.blocks.contains(where: \.isPrivateKey) {
            throw PKIError(
                .keyInBundle, operation: operation, subject: path, underlying: "it holds a private key",
                hint: "every process may read this file; move the key out, and replace it if others saw it")
        }
        var certificates: [Certificate] = []
        for block in found.blocks where block.label == "CERTIFICATE" {
            let decoded = try DecodedPEM(
                UnsafeRawBufferPointer(rebasing: text[block.range]), operation: operation, subject: path)
            guard decoded.headers == .none else {
                throw PKIError(
                    .malformed, operation: operation, subject: path,
                    underlying: "lines that are not base64 stand in its PEM block",
                    hint: "Kubernetes skips such a block without a word; write the certificate again")
            }
            certificates.append(try Certificate(der: Array(decoded.bytes), path: path))
        }
        guard !certificates.isEmpty else {
            let other = found.blocks.first.map { "its block is \($0.label)" } ?? "it has no PEM block"
            throw PKIError(.malformed, operation: operation, subject: path, underlying: other)
        }
        return (certificates, found.hasTrailingText)
    }
}

extension X509Handle {
    /// Decodes one certificate that fills `der` and is encoded exactly as libcrypto would encode it again.
    static func parse(_ der: [UInt8], path: String) throws(PKIError) -> X509Handle {
        let operation = "read the certificate"
        ERR_clear_error()
        let (pointer, count) = der.withUnsafeBufferPointer { buffer in
            var next = buffer.baseAddress
            let pointer = d2i_X509(nil, &next, buffer.count)
            return (pointer, buffer.baseAddress.flatMap { start in next.map { $0 - start } } ?? 0)
        }
        guard let pointer else { throw .openSSL(operation, path, code: .malformed) }
        let certificate = X509Handle(owning: pointer)
        guard count == der.count else {
            throw PKIError(
                .malformed, operation: operation, subject: path, underlying: "bytes follow the certificate")
        }
        guard try certificate.der() == der else {
            throw PKIError(
                .malformed, operation: operation, subject: path, underlying: "its encoding is not DER")
        }
        return certificate
    }

    /// The certificate's DER.
    func der() throws(PKIError) -> [UInt8] {
        try encoded("encode", "a certificate") { i2d_X509(self.pointer, &$0) }
    }
}

/// The bytes that an `i2d` function allocates.
func encoded(
    _ operation: String, _ subject: String, _ encode: (inout UnsafeMutablePointer<UInt8>?) -> Int32
) throws(PKIError) -> [UInt8] {
    var der: UnsafeMutablePointer<UInt8>?
    ERR_clear_error()
    let count = Int(encode(&der))
    guard count > 0, let der else { throw .openSSL(operation, subject) }
    defer { CRYPTO_free(der, nil, 0) }
    return Array(UnsafeBufferPointer(start: der, count: count))
}
