// SPDX-License-Identifier: Apache-2.0

import PKI
import Planning
import Spec
import OpenSSL
import TestSupport
import Testing
import Values

/// A CA that vouches for its successor, as the openssl command sees it.
@Suite struct CrossSigningTests {
    private static let day: Int64 = 86400

    private func cross(
        _ new: TestPair, by old: TestPair, proving leaves: [Certificate], at now: UnixTime = testTime
    ) throws -> Certificate {
        try CertificateAuthority.issueCrossSigned(
            new.certificate, by: old.certificate, caKey: old.privateKey, proving: leaves, now: now,
            serial: .random())
    }

    @Test(arguments: [
        (KeyAlgorithm.ecdsa(bits: 256), KeyAlgorithm.ecdsa(bits: 256)),
        (.rsa(bits: 2048), .ecdsa(bits: 384)), (.ecdsa(bits: 521), .rsa(bits: 2048)), (.ed25519, .ed25519),
    ])
    func opensslAccepts(_ oldKey: KeyAlgorithm, _ newKey: KeyAlgorithm) throws {
        let directory = try TemporaryDirectory()
        let (old, new) = (
            try issueCA(TestProfile.tutorial.ca(oldKey)), try issueCA(TestProfile.plain.ca(newKey))
        )
        let leaf = try issueLeaf(TestProfile.tutorial.leaf(newKey), by: new)
        let cross = try cross(new, by: old, proving: [leaf.certificate])
        let files = [
            "old.pem": old.certificate, "new.pem": new.certificate, "leaf.pem": leaf.certificate,
            "cross.pem": cross,
        ]
        for (name, certificate) in files { try directory.write(certificate.pemText, to: name) }
        func verify(_ arguments: String...) throws -> Int32 {
            try run(
                "openssl",
                ["verify", "-x509_strict", "-purpose", "sslclient", "-attime", "\(testTime.seconds)"]
                    + arguments + ["leaf.pem"], currentDirectory: directory.path
            ).status
        }
        // Who trusts the old CA only needs it; who trusts the new one, or both, is not disturbed.
        #expect(try verify("-CAfile", "old.pem") != 0)
        #expect(try verify("-CAfile", "old.pem", "-untrusted", "cross.pem") == 0)
        #expect(try verify("-CAfile", "new.pem", "-untrusted", "cross.pem") == 0)
        try directory.write(old.certificate.pemText + new.certificate.pemText, to: "both.pem")
        #expect(try verify("-CAfile", "both.pem", "-untrusted", "cross.pem") == 0)
        for bundle in [[old], [new], [old, new], [new, old]] {
            try ChainVerifier.verify(
                leaf: leaf.certificate, intermediates: [cross], bundle: bundle.map(\.certificate),
                at: testTime)
        }
        // The same key, by the same name.
        func field(_ name: String, _ file: String) throws -> String {
            try openssl("x509", "-in", file, "-noout", name, in: directory)
        }
        #expect(try field("-pubkey", "cross.pem") == field("-pubkey", "new.pem"))
        #expect(try field("-subject_hash", "cross.pem") == field("-subject_hash", "new.pem"))
        #expect(try field("-issuer_hash", "cross.pem") == field("-subject_hash", "old.pem"))
        let summary = cross.summary
        #expect(summary.subjectDER == new.certificate.summary.subjectDER)
        #expect(summary.issuerDER == old.certificate.summary.subjectDER)
        #expect(summary.subjectKeyIdentifier == new.certificate.summary.subjectKeyIdentifier)
        #expect(summary.authorityKeyIdentifier == old.certificate.summary.subjectKeyIdentifier)
        #expect(summary.isCA && summary.usages == ["cert sign", "crl sign"])
        let text = try openssl("x509", "-in", "cross.pem", "-noout", "-text", in: directory)
        #expect(text.contains("X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:0\n"))
        #expect(text.contains("X509v3 Key Usage: critical\n"))
    }

    /// It lasts no longer than either CA, and begins with the one that signs it.
    @Test(arguments: [(100, 200, 100), (200, 100, 100)] as [(Int64, Int64, Int64)])
    func validity(oldDays: Int64, newDays: Int64, days: Int64) throws {
        let old = try issueCA(TestProfile.plain.ca(.ed25519, days: oldDays))
        let new = try issueCA(TestProfile.plain.ca(.ed25519, days: newDays))
        let leaf = try issueLeaf(TestProfile.plain.leaf(.ed25519, days: 1), by: new).certificate
        let begin = old.certificate.summary.notBefore
        let soon = testTime.advanced(bySeconds: 100)
        let first = try cross(new, by: old, proving: [leaf], at: testTime).summary
        let later = try cross(new, by: old, proving: [leaf], at: soon).summary
        #expect(first.notBefore == begin && later.notBefore == begin.advanced(bySeconds: 100))
        #expect(first.notAfter == begin.advanced(bySeconds: days * Self.day))
        #expect(first.notAfter == later.notAfter && first.serial != later.serial)
        let early = begin.advanced(bySeconds: 10)
        #expect(try cross(new, by: old, proving: [leaf], at: early).summary.notBefore == begin)
    }

    @Test func refusals() throws {
        let old = try issueCA(TestProfile.plain.ca(.ed25519, days: 10))
        let new = try issueCA(TestProfile.plain.ca(.ed25519))
        let leaf = try issueLeaf(TestProfile.plain.leaf(.ed25519, days: 1), by: new)
        let mixed = TestPair(certificate: old.certificate, privateKey: new.privateKey)
        let end = old.certificate.summary.notAfter
        let leaves = [leaf.certificate]
        let cases: [(TestPair, TestPair, [Certificate], UnixTime, PKIError.Code)] = [
            (new, old, leaves, end, .expired),
            (new, old, leaves, testTime.advanced(bySeconds: -Self.day), .notYetValid),
            (new, mixed, leaves, testTime, .keyMismatch), (new, leaf, leaves, testTime, .notACA),
            (leaf, old, leaves, testTime, .notACA), (old, old, leaves, testTime, .profile),
            (new, old, [], testTime, .profile),
        ]
        for (index, (new, old, leaves, now, code)) in cases.enumerated() {
            let error = pkiError { try cross(new, by: old, proving: leaves, at: now) }
            #expect(error?.code == code, "\(index): \(error as Any)")
        }
    }

    /// A leaf that somebody else signed does not prove it.
    @Test func aLeafOfAnotherCA() throws {
        let (old, new) = (
            try issueCA(TestProfile.plain.ca(.ed25519)), try issueCA(TestProfile.plain.ca(.ed25519))
        )
        let other = try issueCA(TestProfile.plain.ca(.ed25519))
        let leaf = try issueLeaf(TestProfile.plain.leaf(.ed25519), by: other).certificate
        #expect(pkiError { try cross(new, by: old, proving: [leaf]) }?.code == .untrusted)
    }

    /// Go and libcrypto hold a trust anchor to its path length: such a CA cannot vouch for another.
    @Test func aPathLengthOfZero() throws {
        let directory = try TemporaryDirectory()
        let key = try PrivateKey.generate(.ecdsa(bits: 256))
        try directory.write(key.pem.revealed, to: "old.key")
        try openssl(
            "req", "-x509", "-new", "-key", "old.key", "-subj", "/CN=old", "-days", "30", "-addext",
            "basicConstraints=critical,CA:TRUE,pathlen:0", "-addext", "keyUsage=critical,keyCertSign", "-out",
            "old.pem", in: directory)
        let old = TestPair(certificate: try certificate("old.pem", in: directory), privateKey: key)
        let now = old.certificate.summary.notBefore.advanced(bySeconds: 60)
        let new = try issueCA(TestProfile.plain.ca(.ed25519), at: now)
        let leaf = try issueLeaf(TestProfile.plain.leaf(.ed25519), by: new, at: now).certificate
        let error = pkiError { try cross(new, by: old, proving: [leaf], at: now) }
        #expect(
            error?.code == .pathLength && error?.description.contains("CN=old") == true, "\(error as Any)")
    }
}
