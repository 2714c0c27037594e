// SPDX-License-Identifier: Apache-2.0

import PKI
import Planning
import Spec
import OpenSSL
import TestSupport
import Testing
import Values

/// What is never issued.
@Suite struct IssuingRefusalTests {
    @Test func aCAThatCannotSign() throws {
        let ca = try issueCA(TestProfile.plain.ca(.ed25519, days: 10))
        let other = try issueCA(TestProfile.plain.ca(.ed25519))
        let profile = try TestProfile.plain.leaf(.ed25519)
        let leaf = try issueLeaf(profile, by: ca)
        let day: Int64 = 86400
        let mixed = TestPair(certificate: ca.certificate, privateKey: other.privateKey)
        let end = ca.certificate.summary.notAfter
        let cases: [(TestPair, UnixTime, PKIError.Code, String)] = [
            (mixed, testTime, .keyMismatch, "the CA's private key does not belong to it"),
            (ca, testTime.advanced(bySeconds: 11 * day), .expired, "the CA expired at \(end)"),
            (ca, end, .expired, "the CA expired at \(end)"),
            (ca, testTime.advanced(bySeconds: -day), .notYetValid, "is not valid before"),
            (leaf, testTime, .notACA, "it is not a CA"),
        ]
        for (ca, now, code, text) in cases {
            let error = pkiError { try issueLeaf(profile, by: ca, at: now) }
            #expect(error?.code == code && error?.description.contains(text) == true, "\(error as Any)")
            #expect(error?.hint != nil)
        }
    }

    @Test func profilesThatX509CannotHold() throws {
        let key = try PrivateKey.generate(.ed25519)
        let changes: [(String, (inout CertificateProfile) -> Void, PKIError.Code)] = [
            ("at most 64", { $0.commonName = String(repeating: "a", count: 56) }, .profile),
            ("control characters", { $0.commonName = "a\u{0}b" }, .profile),
            ("control characters", { $0.names.organization = "a\nb" }, .profile),
            ("two letters", { $0.names.country = "C1" }, .profile),
            ("two letters", { $0.names.country = "C" }, .profile),
            ("at most 2", { $0.names.country = "CHN" }, .profile),
            ("at most 128", { $0.names.state = String(repeating: "上", count: 129) }, .profile),
            ("ends after", { $0.validity = ValidityPeriod(seconds: .max) }, .profile),
            ("ends after", { $0.validity = ValidityPeriod(seconds: 8000 * 366 * 86400) }, .profile),
            ("ends after", { $0.validity = ValidityPeriod(seconds: 0) }, .profile),
            ("is not ECDSA P-256", { $0.key = .ecdsa(bits: 256) }, .keyMismatch),
        ]
        for (text, change, code) in changes {
            var profile = TestProfile.plain.ca(.ed25519)
            change(&profile)
            let error = pkiError { try issueCA(profile, key: key) }
            #expect(error?.code == code && error?.description.contains(text) == true, "\(error as Any)")
        }
        // 55 characters and a space and 8 digits are just allowed.
        var longest = TestProfile.plain.ca(.ed25519)
        longest.commonName = String(repeating: "a", count: 55)
        #expect(try issueCA(longest, key: key).certificate.summary.commonName?.count == 64)
    }

    @Test func aLeafThatNoAPIServerWouldAccept() throws {
        let ca = try issueCA(TestProfile.plain.ca(.ed25519))
        var profile = try TestProfile.plain.leaf(.ed25519)
        profile.usages = [.digitalSignature, .serverAuth]
        let error = pkiError { try issueLeaf(profile, by: ca) }
        #expect(error?.code == .usage && error?.description.contains("without client auth") == true)
    }

    @Test(arguments: [KeyAlgorithm.rsa(bits: 1024), .rsa(bits: 2047), .ecdsa(bits: 224)])
    func keySizes(_ algorithm: KeyAlgorithm) {
        #expect(pkiError { try PrivateKey.generate(algorithm) }?.code == .profile)
    }
}
