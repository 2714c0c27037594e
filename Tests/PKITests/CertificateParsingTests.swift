// SPDX-License-Identifier: Apache-2.0

import Foundation
import PKI
import Planning
import Spec
import OpenSSL
import TestSupport
import Testing
import Values

/// Certificates that others made, and files that are none.
@Suite struct CertificateParsingTests {
    /// A self-signed certificate by the openssl command.
    private func make(
        _ directory: TemporaryDirectory, key: [String] = ["rsa:2048"], subject: String = "/CN=x",
        extensions: [String] = []
    ) throws -> Certificate {
        let result = try run(
            "openssl",
            ["req", "-x509", "-nodes", "-newkey"] + key
                + ["-keyout", "key.pem", "-out", "cert.pem", "-utf8", "-multivalue-rdn", "-subj", subject]
                + extensions.flatMap { ["-addext", $0] },
            currentDirectory: directory.path)
        #expect(result.status == 0, "\(result.stderr)")
        return try certificate("cert.pem", in: directory)
    }

    /// A ConfigMap that has grown for years: hundreds of CAs, one of which no strict reader takes.
    @Test func fingerprintsOfHundreds() throws {
        let directory = try TemporaryDirectory()
        let known = try make(directory)
        var pem = known.pem
        // Well-formed base64 that is no certificate, another block, and text between them.
        let other = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n"
        pem += Array(
            (other + "# a comment\n-----BEGIN X509 CRL-----\nMAMCAQE=\n-----END X509 CRL-----\n").utf8)
        #expect(throws: PKIError.self) { try Certificate.parseBundle(pem: pem, path: "x") }
        let unknown = try Digest.sha256Hex([0x30, 3, 2, 1, 1])
        let wanted: Set = [known.summary.fingerprintSHA256, unknown]
        #expect(try Certificate.fingerprints(pem: pem, path: "x") == wanted)
        let many = Array((0..<600).map { _ in pem }.joined())
        #expect(many.count > 600_000)
        #expect(try Certificate.fingerprints(pem: many, path: "x") == wanted)
        #expect(try Certificate.fingerprints(pem: [], path: "x").isEmpty)
        #expect(throws: PKIError.self) {
            try Certificate.fingerprints(pem: Array("-----BEGIN CERTIFICATE-----\nMAM".utf8), path: "x")
        }
    }

    @Test func fieldsOfOpensslsCertificates() throws {
        let directory = try TemporaryDirectory()
        let curve = try make(directory, key: ["ec", "-pkeyopt", "ec_paramgen_curve:secp224r1"]).summary
        #expect(curve.key == nil && curve.publicKeySHA256.count == 64)
        let weak = try make(directory, key: ["rsa:1024"], subject: "/O=a+OU=b/CN=first/CN=second, third")
            .summary
        #expect(weak.key == nil && weak.isCA && weak.usages == [] && weak.hosts == [])
        #expect(weak.commonName == "second, third")
        let subject = try openssl(
            "x509", "-in", "cert.pem", "-noout", "-nameopt", "RFC2253", "-subject", in: directory)
        #expect(subject == "subject=\(weak.subject)\n")
        let digest = try openssl(
            "x509", "-in", "cert.pem", "-noout", "-fingerprint", "-sha256", in: directory)
        #expect(
            digest.lowercased().replacingOccurrences(of: ":", with: "")
                == "sha256 fingerprint=\(weak.fingerprintSHA256)\n")
        let rich = try make(
            directory, subject: "/O=no common name",
            extensions: [
                "keyUsage=nonRepudiation,keyAgreement,dataEncipherment,encipherOnly,decipherOnly",
                "extendedKeyUsage=clientAuth,codeSigning,1.2.3.4",
                "subjectAltName=IP:2001:db8::1,DNS:Example.org,email:a@b,URI:urn:x,IP:::ffff:10.0.0.1,"
                    + "IP:10.0.0.1,IP:::2:1,IP:2001:db8:0:1:1:1:1:1",
            ]
        ).summary
        #expect(rich.commonName == nil && rich.key == .rsa(bits: 2048))
        // As a spec writes them (RFC 5952); inet_ntop() has `::0.2.0.1` for the last but one.
        #expect(
            rich.hosts == [
                "2001:db8::1", "Example.org", "::ffff:10.0.0.1", "10.0.0.1", "::2:1", "2001:db8:0:1:1:1:1:1",
            ])
        #expect(
            rich.usages == [
                "content commitment", "data encipherment", "key agreement", "encipher only", "decipher only",
                "client auth", "code signing", "1.2.3.4",
            ])
        #expect(rich.subjectDER == rich.issuerDER && rich.serial.count.isMultiple(of: 2))
    }

    @Test(arguments: [
        ("/CN=上海", "CN=上海"), ("/CN=a\u{202e}b", "CN=a\\E2\\80\\AEb"), ("/CN=a\u{85}b", "CN=a\\C2\\85b"),
        ("/CN=a\u{1b}[31m", "CN=a\\1B[31m"),
    ])
    func namesCannotDisturbATerminal(_ subject: String, _ text: String) throws {
        #expect(try make(TemporaryDirectory(), subject: subject).summary.subject == text)
    }

    @Test func filesOfOneCertificate() throws {
        let ca = try issueCA(TestProfile.plain.ca(.ed25519)).certificate
        let other = try issueCA(TestProfile.plain.ca(.ed25519))
        let pem = ca.pemText
        #expect(
            pem.hasPrefix("-----BEGIN CERTIFICATE-----\n") && pem.hasSuffix("-----END CERTIFICATE-----\n"))
        let good = [
            pem, "# comment\n\n" + pem, pem + "\n \r\n", String(pem.dropLast()),
            pem.replacingOccurrences(of: "\n", with: "\r\n"),
        ]
        for text in good { #expect(try Certificate.parse(pem: Array(text.utf8), path: "f") == ca) }
        let bad: [(String, PKIError.Code, String)] = [
            ("", .malformed, "cannot read the certificate f: it has no PEM block"),
            (pem.replacingOccurrences(of: "E-----\nM", with: "E-----\nA: b\n\nM"), .malformed, "not base64"),
            (pem + "x", .malformed, "something follows"),
            (pem + pem, .malformed, "it has 2 certificates"),
            (pem + other.key.revealed, .keyInBundle, "it holds a private key"),
            (String(pem.dropLast(30)), .malformed, "no end"),
            (
                pem.replacingOccurrences(of: "BEGIN CERT", with: "BEGIN TRUSTED CERT"), .malformed,
                "same label"
            ),
            (pem.replacingOccurrences(of: " CERT", with: " TRUSTED CERT"), .malformed, "TRUSTED CERTIFICATE"),
            (String(pem.dropLast()) + pem, .malformed, "an END line"),
            (other.key.revealed, .keyInBundle, "it holds a private key"),
        ]
        for (text, code, cause) in bad {
            let error = pkiError { try Certificate.parse(pem: Array(text.utf8), path: "f") }
            #expect(error?.code == code && error?.description.contains(cause) == true, "\(error as Any)")
        }
    }

    @Test func bundles() throws {
        let first = try issueCA(TestProfile.plain.ca(.ed25519))
        let second = try issueCA(TestProfile.tutorial.ca(.ecdsa(bits: 256)))
        let text =
            "first\n-----\n\(first.certificate.pemText)\nsecond\n=====\n"
            + "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n\(second.certificate.pemText)end"
        #expect(
            try Certificate.parseBundle(pem: Array(text.utf8), path: "b")
                == [first.certificate, second.certificate])
        let leaking = text + "\n" + second.key.revealed
        #expect(
            pkiError { try Certificate.parseBundle(pem: Array(leaking.utf8), path: "b") }?.code
                == .keyInBundle)
        for bad in ["", "text\n", first.key.revealed, text + "\n-----BEGIN CERTIFICATE-----\n"] {
            #expect(pkiError { try Certificate.parseBundle(pem: Array(bad.utf8), path: "b") } != nil)
        }
    }

    @Test func onlyDERIsRead() throws {
        let der = try issueCA(TestProfile.plain.ca(.ecdsa(bits: 256))).certificate.der
        #expect(try Certificate(der: der).der == der)
        #expect(pkiError { try Certificate(der: der + [0]) }?.description.contains("bytes follow") == true)
        #expect(pkiError { try Certificate(der: Array(der.dropLast())) }?.code == .malformed)
        #expect(pkiError { try Certificate(der: []) }?.code == .malformed)
        // BER: the outer length in three bytes instead of two, and an indefinite one.
        let body = Array(der.dropFirst(4))
        #expect(der[1] == 0x82)
        let long = [0x30, 0x83, 0, der[2], der[3]] + body
        #expect(pkiError { try Certificate(der: long) }?.description.contains("not DER") == true)
        #expect(pkiError { try Certificate(der: [0x30, 0x80] + body + [0, 0]) }?.code == .malformed)
    }

    @Test func digests() throws {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(try Digest.sha256Hex([UInt8]()) == empty && Digest.sha256Hex(Array("abc".utf8)) == abc)
        #expect(try Digest.sha256Hex(secret("abc")) == abc && Digest.sha256Hex(secret("")) == empty)
    }

    @Test func theProcessCannotBeDumped() throws {
        try ProcessHardening.forbidCoreFiles()
        try ProcessHardening.forbidTracing()
        #expect(!ProcessHardening.isDumpable)
        let limits = try String(contentsOfFile: "/proc/self/limits", encoding: .utf8)
        let core = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") })
        #expect(core.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"])
    }

    /// Too late in a process that has made a digest; a silent refusal would leave keys in freed memory.
    @Test func memoryFunctionsAreReplacedFirstOrNever() throws {
        #expect(try Digest.sha256Hex([1]).count == 64)
        #expect(pkiError { try ProcessHardening.wipeFreedMemory() }?.code == .openSSL)
    }

    @Test func versionIsTheLibrarys() throws {
        #expect(OpenSSLVersion.text.hasPrefix("OpenSSL 3."))
    }
}
