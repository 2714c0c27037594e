// SPDX-License-Identifier: Apache-2.0

@testable import OpenSSL
import PKI
import Planning
import Secrets
import Values

/// PEM and DER: certificates and keys.
///
/// Blocks stand one behind the other within the text. A certificate that is read and written again is the same one, its
/// names have no control characters, and libcrypto's queue of errors is empty afterwards.
enum CertificateTarget {
    static func runPEM(_ bytes: [UInt8]) {
        let found = bytes.withUnsafeBytes { try? PEMBlocks(in: $0, operation: "read", subject: "f") }
        if let found { check(found, bytes) }
        if let certificate = try? Certificate.parse(pem: bytes, path: "f") { check(certificate) }
        let fingerprints = try? Certificate.fingerprints(pem: bytes, path: "f")
        if let bundle = try? Certificate.parseBundle(pem: bytes, path: "f") {
            require(!bundle.isEmpty, "a bundle without a certificate")
            for certificate in bundle { check(certificate) }
            require(
                fingerprints == Set(bundle.map(\.summary.fingerprintSHA256)),
                "a bundle's fingerprints are others")
            let joined = bundle.flatMap(\.pem)
            require(
                (try? Certificate.parseBundle(pem: joined, path: "f")) == bundle, "a bundle is another one")
        }
        ErrorQueue.clear()
    }

    static func runDER(_ bytes: [UInt8]) {
        guard let certificate = try? Certificate(der: bytes, path: "f") else {
            require(ErrorQueue.drained() == nil, "errors are left in the queue")
            return
        }
        require(certificate.der == bytes, "a certificate's bytes are others")
        check(certificate)
        require(ErrorQueue.drained() == nil, "errors are left in the queue")
    }

    /// A private key: what is read is that key, whatever its form.
    static func runKey(_ bytes: [UInt8]) {
        let pem = bytes.withUnsafeBytes { SecretBytes(copying: $0) }
        _ = EncryptedPrivateKey.isEncrypted(pem)
        guard let key = try? PrivateKey(pem: pem, path: "f") else { return }
        let digest = try? key.publicKeySHA256()
        guard let again = try? PrivateKey(pem: key.pem, path: "f") else {
            fatalError("PROPERTY: a key is read once only")
        }
        require((try? again.publicKeySHA256()) == digest, "a key is another one the second time")
    }

    private static func check(_ found: PEMBlocks, _ bytes: [UInt8]) {
        var end = 0
        for block in found.blocks {
            require(
                block.range.lowerBound >= end && block.range.upperBound <= bytes.count,
                "blocks outside of the text")
            end = block.range.upperBound
            require(
                bytes[block.range].starts(with: "-----BEGIN \(block.label)-----".utf8),
                "a block begins elsewhere")
        }
    }

    private static func check(_ certificate: Certificate) {
        require(
            (try? Certificate.parse(pem: certificate.pem, path: "f")) == certificate,
            "a certificate that is written again is another one")
        let summary = certificate.summary
        for name in [summary.subject, summary.issuer] {
            require(SpecTarget.isPrintable(name) && !name.contains("\n"), "a name with control characters")
        }
        _ = (certificate.organizations, certificate.subjectNames)
        _ = (summary.notBefore.description, summary.notAfter.date)
        _ = ChainVerifier.isSigned(certificate, by: certificate)
    }
}
