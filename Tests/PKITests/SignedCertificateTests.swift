// SPDX-License-Identifier: Apache-2.0

import OpenSSL
import PKI
import Planning
import Spec
import TestSupport
import Testing
import Values

/// What was signed elsewhere is used where it is what was asked for, and nowhere else.
@Suite struct SignedCertificateTests {
    private let directory: TemporaryDirectory
    private let ca: TestPair
    private let key: PrivateKey
    private let profile: CertificateProfile

    init() throws {
        directory = try TemporaryDirectory()
        ca = try issueCA(
            TestProfile.plain.ca(.ecdsa(bits: 256)), at: testTime.advanced(bySeconds: -600 * 86400))
        profile = CertificateProfile(
            role: .proxyClient, commonName: "aggregator", names: SubjectNames(organization: "k8s"), hosts: [],
            usages: [.digitalSignature, .clientAuth], key: .ecdsa(bits: 256),
            validity: ValidityPeriod(seconds: 365 * 86400))
        key = try PrivateKey.generate(profile.key)
    }

    private func issue(
        by ca: TestPair? = nil, key: PrivateKey? = nil, days: Int64 = 365, from: Int64 = 0,
        _ change: (inout CertificateProfile) -> Void = { _ in }
    ) throws -> Certificate {
        var profile = profile
        change(&profile)
        let ca = ca ?? self.ca
        let start = testTime.advanced(bySeconds: from * 86400 - 300)
        return try CertificateAuthority.issueLeaf(
            profile, key: key ?? self.key, ca: ca.certificate, caKey: ca.privateKey,
            validity: CertificateValidity(
                notBefore: start, notAfter: start.advanced(bySeconds: days * 86400)),
            now: start.advanced(bySeconds: 300), serial: .random())
    }

    private func expectation(allowed: [String] = ["aggregator"]) throws -> SignedCertificate {
        SignedCertificate(
            profile, publicKeySHA256: try key.publicKeySHA256(), ca: ca.certificate, caFile: "/etc/ca.pem",
            allowedNames: allowed,
            now: testTime,
            title: "the certificate that sign returned for cp1")
    }

    private func refusal(_ answer: [UInt8], allowed: [String] = ["aggregator"]) -> SignedError? {
        do {
            _ = try expectation(allowed: allowed).read(answer)
            return nil
        } catch { return error as? SignedError }
    }

    private func expectRefusal(
        _ answer: [UInt8], _ code: SignedError.Code, _ words: [String], allowed: [String] = ["aggregator"],
        at location: Testing.SourceLocation = #_sourceLocation
    ) {
        let error = refusal(answer, allowed: allowed)
        #expect(error?.code == code, "\(error as Any)", sourceLocation: location)
        #expect(error?.hint?.isEmpty == false, sourceLocation: location)
        for word in words {
            #expect(
                error?.description.contains(word) == true, "\(word): \(error as Any)",
                sourceLocation: location)
        }
        #expect(
            error?.description.hasPrefix("cannot use the certificate that sign returned for cp1: ") == true,
            sourceLocation: location)
    }

    /// Alone, with its CA behind it, and with text around it.
    @Test func whatWasAskedFor() throws {
        let leaf = try issue()
        #expect(try expectation().read(leaf.pem) == leaf)
        #expect(try expectation().read(leaf.pem + ca.certificate.pem) == leaf)
        #expect(try expectation().read(Array("subject=x\n".utf8) + leaf.pem + Array("\n".utf8)) == leaf)
        // One that ends with its CA, and one that lasts longer than was asked for.
        let rest = (ca.certificate.summary.notAfter.seconds - testTime.seconds + 300)
        #expect(refusal(try issue(days: rest / 86400).pem) == nil)
    }

    @Test func noCertificate() throws {
        expectRefusal([], .unreadable, [])
        expectRefusal(Array("-----BEGIN CERTIFICATE-----\nAAAA\n".utf8), .unreadable, [])
        let leaf = try issue()
        let secretKey = Array(key.pem.revealed.utf8)
        let error = refusal(leaf.pem + secretKey)
        #expect(error?.code == .unreadable && error?.hint?.contains("replace that key") == true)
    }

    @Test func anotherKey() throws {
        let other = try PrivateKey.generate(profile.key)
        expectRefusal(
            try issue(key: other).pem, .otherKey, [try other.publicKeySHA256(), try key.publicKeySHA256()])
        expectRefusal(ca.certificate.pem + (try issue().pem), .otherKey, ["comes later", "aggregator-ca"])
    }

    @Test func anotherName() throws {
        let leaf = try issue { $0.commonName = "admin" }
        expectRefusal(leaf.pem, .notAllowed, ["\"admin\"", "\"aggregator\""])
        expectRefusal(
            leaf.pem, .subject, ["CN=admin,O=k8s", "expected CN=aggregator,O=k8s"],
            allowed: ["aggregator", "admin"])
        let masters = try issue { $0.names.organization = "system:masters" }
        expectRefusal(masters.pem, .subject, ["O=system:masters", "O=k8s"])
        expectRefusal(try issue { $0.names.organization = nil }.pem, .subject, ["is CN=aggregator,"])
        expectRefusal(try issue { $0.names.locality = "x" }.pem, .subject, ["L=x"])
        let host = try #require(DNSName("kubernetes.default"))
        expectRefusal(
            try issue { $0.hosts = [.dns(host)] }.pem, .hosts, ["kubernetes.default", "expected none"])
    }

    @Test func anotherUse() throws {
        expectRefusal(
            try issue { $0.usages.append(.serverAuth) }.pem, .usages,
            ["client auth, digital signature, server auth", "expected client auth, digital signature"])
        let server = try signed(extensions: ["extendedKeyUsage=serverAuth", "keyUsage=digitalSignature"])
        expectRefusal(server, .notAClient, ["server auth"])
        let none = try signed(extensions: ["keyUsage=digitalSignature"])
        expectRefusal(none, .notAClient, ["it has digital signature"])
        let authority = try signed(extensions: ["basicConstraints=CA:TRUE", "extendedKeyUsage=clientAuth"])
        expectRefusal(authority, .isCA, [])
        let signs = try signed(extensions: ["keyUsage=keyCertSign", "extendedKeyUsage=clientAuth"])
        expectRefusal(signs, .isCA, [])
    }

    @Test func weak() throws {
        let sha1 = try signed(
            extensions: ["keyUsage=digitalSignature", "extendedKeyUsage=clientAuth"], digest: "-sha1")
        expectRefusal(sha1, .weak, ["SHA1"])
    }

    @Test func anotherCA() throws {
        let other = try issueCA(TestProfile.tutorial.ca(.ecdsa(bits: 256)))
        let leaf = try issue(by: other)
        expectRefusal(
            leaf.pem, .otherCA,
            [other.certificate.summary.subject, ca.certificate.summary.subject, "/etc/ca.pem"])
        expectRefusal(
            leaf.pem + other.certificate.pem, .otherCA, [other.certificate.summary.fingerprintSHA256])
        // The same name and another key.
        let forged = try signed(
            extensions: ["keyUsage=digitalSignature", "extendedKeyUsage=clientAuth"], isForged: true)
        expectRefusal(forged, .otherCA, ["of the same name", "with another key"])
    }

    @Test func anotherTime() throws {
        expectRefusal(try issue(from: 1).pem, .notYetValid, ["it is \(testTime) now"])
        expectRefusal(try issue(days: 10, from: -20).pem, .expired, ["it is \(testTime) now"])
        expectRefusal(try issue(days: 60).pem, .tooShort, ["expected at least 2920 hours"])
        // It lasts long enough, and is due at once.
        expectRefusal(try issue(days: 600, from: -450).pem, .tooShort, [])
        #expect(refusal(try issue(days: 130).pem) == nil)
    }

    @Test func outlivesItsCA() throws {
        let leaf = try signed(
            extensions: ["keyUsage=digitalSignature", "extendedKeyUsage=clientAuth"], days: 5000)
        expectRefusal(leaf, .outlivesCA, ["\(ca.certificate.summary.notAfter)"])
    }

    /// What openssl(1) makes of a request, whatever the CA should do.
    private func signed(
        extensions: [String], digest: String = "-sha256", days: Int = 365, isForged: Bool = false
    ) throws -> [UInt8] {
        try directory.write(
            String(decoding: try CertificateRequest(profile, key: key).pem, as: UTF8.self), to: "r.csr")
        let signer = isForged ? try PrivateKey.generate(.ecdsa(bits: 256)) : ca.privateKey
        try directory.write(signer.pem.revealed, to: "signer.pem")
        try directory.write(ca.certificate.pemText, to: "ca.pem")
        try directory.write(extensions.joined(separator: "\n") + "\n", to: "ext")
        let line = """
            if [ "$1" = yes ]; then
                openssl x509 -in ca.pem -signkey signer.pem -days 6000 -out forged.pem
                mv forged.pem ca.pem
            fi
            faketime '2026-11-23 21:00:00' openssl x509 -req -in r.csr -CA ca.pem -CAkey signer.pem \\
                -days \(days) \(digest) -extfile ext -out leaf.pem
            """
        let result = try run(
            "bash", ["-ec", line, "-", isForged ? "yes" : "no"],
            environment: ["TZ": "UTC", "PATH": "/usr/local/bin:/usr/bin:/bin"],
            currentDirectory: directory.path)
        try #require(result.status == 0, "\(result.stderr)")
        return try certificate("leaf.pem", in: directory).pem
    }
}
