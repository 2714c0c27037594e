// SPDX-License-Identifier: Apache-2.0

import Foundation
import OpenSSL
import PKI
import Planning
import Spec
import TestSupport
import Testing
import Values

/// Issued certificates as the openssl command sees them.
@Suite struct IssuingTests {
    static let algorithms: [KeyAlgorithm] = [
        .rsa(bits: 2048), .rsa(bits: 3072), .ecdsa(bits: 256), .ecdsa(bits: 384), .ecdsa(bits: 521), .ed25519,
    ]

    static let signatures: [KeyAlgorithm: String] = [
        .rsa(bits: 2048): "sha256WithRSAEncryption", .rsa(bits: 3072): "sha256WithRSAEncryption",
        .rsa(bits: 4096): "sha256WithRSAEncryption", .ecdsa(bits: 256): "ecdsa-with-SHA256",
        .ecdsa(bits: 384): "ecdsa-with-SHA384", .ecdsa(bits: 521): "ecdsa-with-SHA512", .ed25519: "ED25519",
    ]

    @Test(arguments: algorithms, TestProfile.allCases)
    func opensslAccepts(_ algorithm: KeyAlgorithm, _ profile: TestProfile) throws {
        try prove(algorithm, profile)
    }

    // Once: such a key takes seconds.
    @Test func opensslAcceptsRSA4096() throws { try prove(.rsa(bits: 4096), .plain) }

    private func prove(_ algorithm: KeyAlgorithm, _ profile: TestProfile) throws {
        let directory = try TemporaryDirectory()
        let ca = try issueCA(profile.ca(algorithm))
        let leaf = try issueLeaf(profile.leaf(algorithm), by: ca)
        try directory.write(ca.certificate.pemText, to: "ca.pem")
        try directory.write(leaf.certificate.pemText, to: "leaf.pem")
        try directory.write(leaf.key.revealed, to: "leaf-key.pem")
        let verified = try openssl(
            "verify", "-x509_strict", "-purpose", "sslclient", "-attime", "\(testTime.seconds)", "-CAfile",
            "ca.pem", "leaf.pem", in: directory)
        #expect(verified == "leaf.pem: OK\n")
        let signature = try #require(Self.signatures[algorithm])
        for name in ["ca.pem", "leaf.pem"] {
            let text = try openssl("x509", "-in", name, "-noout", "-text", in: directory)
            #expect(text.components(separatedBy: "Signature Algorithm: \(signature)\n").count == 3)
            #expect(text.contains("Version: 3 (0x2)"))
        }
        // The key file and the certificate carry one public key.
        let fromKey = try openssl("pkey", "-in", "leaf-key.pem", "-pubout", in: directory)
        #expect(try openssl("x509", "-in", "leaf.pem", "-noout", "-pubkey", in: directory) == fromKey)
        #expect(leaf.key.revealed.hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
        #expect(try leaf.privateKey.publicKeySHA256() == leaf.certificate.summary.publicKeySHA256)
        #expect(try KeyPair.matches(certificate: leaf.certificate, key: leaf.key))
        #expect(try !KeyPair.matches(certificate: leaf.certificate, key: ca.key))
        #expect(ca.certificate.summary.key == algorithm && leaf.certificate.summary.key == algorithm)
        #expect(try certificate("leaf.pem", in: directory) == leaf.certificate)
    }

    /// Names of the extensions in their order, `!` marks a critical one.
    private func extensions(_ name: String, _ directory: TemporaryDirectory) throws -> [String] {
        try openssl("x509", "-in", name, "-noout", "-text", in: directory).split(separator: "\n")
            .filter { $0.hasPrefix("            X509v3 ") }
            .map { line in
                let field = line.split(separator: ":", maxSplits: 1)
                return field[0].trimmingCharacters(in: .whitespaces).replacingOccurrences(
                    of: "X509v3 ", with: "")
                    + (field.count > 1 && field[1].contains("critical") ? "!" : "")
            }
    }

    @Test func fieldsAreCfsslsWithTheKnownDifferences() throws {
        let directory = try TemporaryDirectory()
        let ca = try issueCA(TestProfile.tutorial.ca(.rsa(bits: 2048)))
        let leaf = try issueLeaf(TestProfile.tutorial.leaf(.rsa(bits: 2048)), by: ca)
        let plain = try issueLeaf(TestProfile.plain.leaf(.ecdsa(bits: 256)), by: ca)
        try directory.write(ca.certificate.pemText, to: "ca.pem")
        try directory.write(leaf.certificate.pemText, to: "leaf.pem")
        try directory.write(plain.certificate.pemText, to: "plain.pem")
        #expect(
            try extensions("ca.pem", directory) == [
                "Key Usage!", "Basic Constraints!", "Subject Key Identifier", "Authority Key Identifier",
            ])
        #expect(
            try extensions("leaf.pem", directory) == [
                "Key Usage!", "Extended Key Usage", "Basic Constraints!", "Subject Key Identifier",
                "Authority Key Identifier", "Subject Alternative Name",
            ])
        #expect(
            try extensions("plain.pem", directory) == [
                "Extended Key Usage", "Basic Constraints!", "Subject Key Identifier",
                "Authority Key Identifier",
            ])
        let caText = try openssl("x509", "-in", "ca.pem", "-noout", "-text", in: directory)
        #expect(caText.contains("CA:TRUE, pathlen:1") && caText.contains("Certificate Sign, CRL Sign\n"))
        let text = try openssl("x509", "-in", "leaf.pem", "-noout", "-text", in: directory)
        #expect(text.contains("Digital Signature, Key Encipherment\n") && text.contains("CA:FALSE\n"))
        #expect(text.contains("TLS Web Server Authentication, TLS Web Client Authentication\n"))
        #expect(
            text.contains(
                "DNS:kubernetes, DNS:kubernetes.default, DNS:kubernetes.default.svc.cluster.local, "
                    + "IP Address:127.0.0.1, IP Address:192.168.123.250, IP Address:10.254.0.1, "
                    + "IP Address:FD00:0:0:0:10:254:0:1\n"))
        #expect(
            leaf.certificate.summary.hosts == [
                "kubernetes", "kubernetes.default", "kubernetes.default.svc.cluster.local", "127.0.0.1",
                "192.168.123.250", "10.254.0.1", "fd00::10:254:0:1",
            ])
        #expect(
            leaf.certificate.summary.usages == [
                "digital signature", "key encipherment", "server auth", "client auth",
            ])
        #expect(plain.certificate.summary.usages == ["client auth"] && !plain.certificate.summary.isCA)
        #expect(ca.certificate.summary.usages == ["cert sign", "crl sign"] && ca.certificate.summary.isCA)
    }

    @Test func namesAndIdentifiers() throws {
        let directory = try TemporaryDirectory()
        let ca = try issueCA(TestProfile.tutorial.ca(.ecdsa(bits: 256)))
        let leaf = try issueLeaf(TestProfile.tutorial.leaf(.ecdsa(bits: 256)), by: ca)
        try directory.write(ca.certificate.pemText, to: "ca.pem")
        try directory.write(leaf.certificate.pemText, to: "leaf.pem")
        // openssl computes the same identifier from the key alone.
        let bits = try openssl("x509", "-in", "ca.pem", "-noout", "-ocspid", in: directory)
        let hash = try #require(bits.split(separator: "\n").first { $0.contains("Public key") })
        let identifier = try #require(ca.certificate.summary.subjectKeyIdentifier)
        #expect(hash.lowercased().hasSuffix(identifier) && identifier.count == 40)
        let summary = leaf.certificate.summary
        #expect(ca.certificate.summary.commonName == "aggregator \(identifier.prefix(8))")
        #expect(summary.authorityKeyIdentifier == identifier)
        #expect(ca.certificate.summary.authorityKeyIdentifier == identifier)
        #expect(summary.subject == "CN=aggregator,OU=System,O=k8s,L=Shanghai,ST=Shanghai,C=CN")
        let oracle = try openssl(
            "x509", "-in", "leaf.pem", "-noout", "-nameopt", "RFC2253", "-issuer", "-serial", in: directory)
        #expect(
            oracle.lowercased() == "issuer=\(summary.issuer)\nserial=\(summary.serial)\n".lowercased())
        // C, ST, L, O, OU, CN: one SET each, PrintableString.
        let parsed = try openssl("asn1parse", "-in", "leaf.pem", in: directory).split(separator: "\n")
        let names = parsed.filter { $0.contains("PRINTABLESTRING") }
            .map { $0.split(separator: ":").last ?? "" }
        let issuer = "aggregator \(identifier.prefix(8))"
        let rest: [Substring] = ["CN", "Shanghai", "Shanghai", "k8s", "System"]
        #expect(names == rest + [Substring(issuer)] + rest + ["aggregator"])
        #expect(parsed.filter { $0.contains("cons: SET") }.count == 12)
        #expect(!parsed.contains { $0.contains("UTF8STRING") })
        let other = try issueCA(TestProfile.tutorial.ca(.ecdsa(bits: 256)))
        #expect(other.certificate.summary.subjectDER != ca.certificate.summary.subjectDER)
    }

    @Test func namesBeyondASCIIAreUTF8() throws {
        let directory = try TemporaryDirectory()
        var profile = TestProfile.tutorial.ca(.ed25519)
        profile.names.state = "上海"
        profile.names.organization = "a*b, \"c\""
        let ca = try issueCA(profile)
        try directory.write(ca.certificate.pemText, to: "ca.pem")
        let parsed = try openssl("asn1parse", "-in", "ca.pem", in: directory)
        #expect(parsed.components(separatedBy: "UTF8STRING").count == 5)
        #expect(ca.certificate.summary.subject.contains("O=a*b\\, \\\"c\\\",L=Shanghai,ST=上海,C=CN"))
        let text = try openssl(
            "x509", "-in", "ca.pem", "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb", in: directory)
        #expect(text == "subject=\(ca.certificate.summary.subject)\n")
    }

    /// A moment of issuing, with the two times that the leaf must have.
    struct Moment: Sendable {
        var now = testTime
        var caDays: Int64 = 3650
        var days: Int64
        var start = "2026-11-23T21:13:57Z"
        var end: String
        /// Times of the year 2050 and later.
        var generalized = 0
    }

    static let endOf2049 = UnixTime(year: 2049, month: 12, day: 31)

    @Test(arguments: [
        Moment(days: 365, end: "2027-11-23T21:13:57Z"),
        Moment(days: 36500, end: "2036-11-20T21:13:57Z"),
        Moment(now: endOf2049, days: 1, start: "2049-12-30T23:55:00Z", end: "2049-12-31T23:55:00Z"),
        Moment(
            now: endOf2049, days: 30, start: "2049-12-30T23:55:00Z", end: "2050-01-29T23:55:00Z",
            generalized: 1),
    ])
    func validity(_ moment: Moment) throws {
        let directory = try TemporaryDirectory()
        let ca = try issueCA(TestProfile.plain.ca(.ed25519, days: moment.caDays), at: moment.now)
        let leaf = try issueLeaf(
            TestProfile.plain.leaf(.ed25519, days: moment.days), by: ca, at: moment.now
        ).certificate
        #expect("\(leaf.summary.notBefore)" == moment.start && "\(leaf.summary.notAfter)" == moment.end)
        #expect(leaf.summary.notAfter <= ca.certificate.summary.notAfter)
        try directory.write(leaf.pemText, to: "leaf.pem")
        let dates = try openssl(
            "x509", "-in", "leaf.pem", "-noout", "-dates", "-dateopt", "iso_8601", in: directory)
        #expect(
            dates.replacingOccurrences(of: " ", with: "T")
                == "notBefore=\(moment.start)\nnotAfter=\(moment.end)\n")
        let parsed = try openssl("asn1parse", "-in", "leaf.pem", in: directory)
        #expect(parsed.components(separatedBy: "GENERALIZEDTIME").count - 1 == moment.generalized)
        #expect(parsed.components(separatedBy: "UTCTIME").count - 1 == 2 - moment.generalized)
    }

    @Test func aLeafNeverStartsBeforeItsCA() throws {
        let ca = try issueCA(TestProfile.plain.ca(.ed25519))
        let early = ca.certificate.summary.notBefore.advanced(bySeconds: 10)
        let leaf = try issueLeaf(TestProfile.plain.leaf(.ed25519), by: ca, at: early).certificate
        #expect(leaf.summary.notBefore == ca.certificate.summary.notBefore)
    }

    @Test func serialNumbersArePositiveAndRandom() throws {
        let serials = try (0..<500).map { _ in try SerialNumber.random().bytes }
        #expect(Set(serials).count == 500)
        #expect(serials.allSatisfy { $0.count == 20 && $0[0] < 0x80 })
        // Each of the other 159 bits takes both values: 500 draws miss one with a probability of 2^-499.
        for byte in 0..<20 {
            let all = byte == 0 ? UInt8(0x7f) : 0xff
            #expect(serials.reduce(0) { $0 | $1[byte] } == all)
            #expect(serials.reduce(0xff) { $0 & $1[byte] } == 0)
        }
        for bad in [[], [UInt8](repeating: 0, count: 20), [0x80] + [UInt8](repeating: 1, count: 19), [1]] {
            #expect(SerialNumber(bytes: bad) == nil)
        }
        let high = try #require(SerialNumber(bytes: [0x7f] + [UInt8](repeating: 0xff, count: 19)))
        let low = try #require(SerialNumber(bytes: [UInt8](repeating: 0, count: 19) + [1]))
        let key = try PrivateKey.generate(.ed25519)
        for (serial, text) in [(high, "7f" + String(repeating: "f", count: 38)), (low, "01")] {
            let ca = try CertificateAuthority.issueCA(
                TestProfile.plain.ca(.ed25519), key: key,
                validity: .init(ValidityPeriod(seconds: 86_400), at: testTime), serial: serial)
            #expect(ca.summary.serial == text)
        }
    }
}
