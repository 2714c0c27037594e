// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL
import Planning
import Spec
import Values

/// One X.509 certificate: its bytes, and what they say.
///
/// Parsed and well-formed, but not yet trusted: that is `ChainVerifier`'s answer.
package struct Certificate: Sendable, Equatable {
    package let der: [UInt8]
    /// One CERTIFICATE block in lines of 64 characters, with a newline at its end.
    package let pem: [UInt8]
    package let summary: CertificateSummary
    /// As libcrypto has it: decoding the public key again takes it some two million instructions.
    let x509: SharedX509

    /// Reads DER; throws `.malformed` for anything else, for bytes after it and for an extension that cannot
    /// be read. `path` is what an error names.
    package init(der: [UInt8], path: String = "the certificate") throws(PKIError) {
        // What is refused leaves errors too.
        defer { ErrorQueue.clear() }
        let handle = try X509Handle.parse(der, path: path)
        let buffer = try BIOHandle.growing()
        try check("write", path) { PEM_write_bio_X509(buffer.pointer, handle.pointer) }
        self.der = der
        pem = buffer.contents()
        summary = try CertificateSummary(reading: handle, der: der, path: path)
        x509 = SharedX509(handle)
    }

    /// The organizations of the subject, in its order: the groups of a user whose certificate it is.
    package var organizations: [String] {
        defer { ErrorQueue.clear() }
        return NameText.organizations(of: X509_get_subject_name(x509.pointer))
    }

    /// The subject beside its common name, as a spec holds it.
    /// - Returns: also the short names of the attributes that a spec has no place for.
    package var subjectNames: (names: SubjectNames, others: [String]) {
        defer { ErrorQueue.clear() }
        var (names, others) = (SubjectNames(), [String]())
        for (name, value) in NameText.attributes(of: X509_get_subject_name(x509.pointer)) {
            let place: WritableKeyPath<SubjectNames, String?>? =
                switch name {
                case "C": \.country
                case "ST": \.state
                case "L": \.locality
                case "O": \.organization
                case "OU": \.organizationalUnit
                default: nil
                }
            if let place, names[keyPath: place] == nil {
                names[keyPath: place] = value
            } else if name != "CN" {
                others.append(name)
            }
        }
        return (names, others)
    }

    package static func == (a: Certificate, b: Certificate) -> Bool { a.der == b.der }

    /// Reads a file of exactly one certificate; text may come before it, nothing may follow.
    package static func parse(pem: [UInt8], path: String) throws(PKIError) -> Certificate {
        let (certificates, hasTrailingText) = try certificates(in: pem, path)
        guard certificates.count == 1, !hasTrailingText else {
            let cause: Message =
                certificates.count > 1
                ? "it has \(certificates.count) certificates, and must have one"
                : "something follows the certificate"
            throw PKIError(.malformed, operation: X509Handle.reading, subject: path, underlying: cause)
        }
        return certificates[0]
    }

    /// Reads a file of one or more certificates, in order; other text and blocks are skipped, as Kubernetes
    /// does, but a private key among them throws `.keyInBundle`.
    package static func parseBundle(pem: [UInt8], path: String) throws(PKIError) -> [Certificate] {
        try certificates(in: pem, path).0
    }

    /// Reads a client's certificate with those between it and its CA, in order; a private key beside them, as kubelet
    /// keeps it, is skipped and not looked at.
    package static func parseClientChain(pem: [UInt8], path: String) throws(PKIError) -> [Certificate] {
        try certificates(in: pem, path, privateKeys: .skipped).0
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
                for block in try PEMBlocks(in: text, operation: X509Handle.reading, subject: path).blocks
                where block.label == "CERTIFICATE" {
                    let decoded = try DecodedPEM(
                        UnsafeRawBufferPointer(rebasing: text[block.range]), operation: X509Handle.reading,
                        subject: path)
                    fingerprints.insert(try Digest.sha256Hex(Array(decoded.bytes)))
                }
                return fingerprints
            }
        }.get()
    }

    private static func certificates(
        in pem: [UInt8], _ path: String, privateKeys: PEMCertificates.PrivateKeys = .refused
    ) throws(PKIError) -> ([Certificate], hasTrailingText: Bool) {
        let found = try PEMCertificates(pem, path: path, privateKeys: privateKeys)
        var certificates: [Certificate] = []
        for der in found.der { certificates.append(try Certificate(der: der, path: path)) }
        return (certificates, found.hasTrailingText)
    }
}
