// SPDX-License-Identifier: Apache-2.0

import Foundation
import PKI
import Planning
import Spec
import OpenSSL
import TestSupport
import Testing
import Values

/// Which chains a kube-apiserver accepts, with certificates that the openssl command made.
@Suite struct ChainVerifierTests {
    /// What makes one certificate of a test differ from a sound one.
    struct Variant: Sendable, CustomTestStringConvertible {
        var name: String
        var ca = ChainVerifierTests.ca
        var leaf = ["extendedKeyUsage=clientAuth", ChainVerifierTests.aki]
        var caKey = ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ca.key"]
        var caSubject = "/CN=ca"
        var leafKey = "ed25519"
        var leafArguments = ["-CAcreateserial"]
        /// nil where it is accepted.
        var refusal: PKIError.Code?
        var testDescription: String { name }
    }

    static let ski = "subjectKeyIdentifier=hash"
    static let ca = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign", ski]
    static let aki = "authorityKeyIdentifier=keyid:always"
    // Without it the openssl command adds both key identifiers by itself.
    static let noAKI = "authorityKeyIdentifier=none"
    static let client = "extendedKeyUsage=clientAuth"

    static let variants: [Variant] = [
        Variant(name: "sound"),
        Variant(name: "no EKU", leaf: [aki]),
        Variant(name: "no AKI, own subject", leaf: [client, noAKI]),
        Variant(name: "any EKU", leaf: ["extendedKeyUsage=anyExtendedKeyUsage"]),
        Variant(name: "key encipherment alone", leaf: ["keyUsage=critical,keyEncipherment", aki]),
        Variant(name: "CA without KU", ca: ["basicConstraints=CA:TRUE"], leaf: [client]),
        Variant(name: "CA with clientAuth", ca: ca + [client]),
        Variant(name: "RSA-1024 CA", caKey: ["genrsa", "-out", "ca.key", "1024"]),
        Variant(name: "serverAuth leaf", leaf: ["extendedKeyUsage=serverAuth", aki], refusal: .usage),
        Variant(name: "serverAuth CA", ca: ca + ["extendedKeyUsage=serverAuth"], refusal: .usage),
        Variant(
            name: "no keyCertSign", ca: ["basicConstraints=CA:TRUE", "keyUsage=digitalSignature", ski],
            refusal: .notACA),
        Variant(
            name: "not a CA", ca: ["keyUsage=keyCertSign", "basicConstraints=CA:FALSE", ski], refusal: .notACA
        ),
        Variant(name: "SHA-1 leaf", leafArguments: ["-CAcreateserial", "-sha1"], refusal: .weakSignature),
        Variant(name: "negative serial", leafArguments: ["-set_serial", "-5"], refusal: .refusedByGo),
        Variant(
            name: "same subject, no AKI", leaf: [client, noAKI],
            caKey: ["genrsa", "-out", "ca.key", "2048"], caSubject: "/O=k8s/CN=leaf", leafKey: "rsa:2048",
            refusal: .sameSubjectNoAKI),
    ]

    private func make(_ variant: Variant, in directory: TemporaryDirectory) throws {
        func openssl(_ arguments: [String]) throws {
            let result = try run("openssl", arguments, currentDirectory: directory.path)
            #expect(result.status == 0, "\(arguments) \(result.stderr)")
        }
        try directory.write(
            "[req]\ndistinguished_name=dn\n[dn]\n[ca]\n\(variant.ca.joined(separator: "\n"))\n"
                + "[leaf]\n\(variant.leaf.joined(separator: "\n"))\n", to: "config")
        try openssl(variant.caKey)
        try openssl(
            ["req", "-x509", "-new", "-key", "ca.key", "-subj", variant.caSubject, "-days", "30", "-config"]
                + ["config", "-extensions", "ca", "-out", "ca.pem"])
        try openssl(
            [
                "req", "-new", "-nodes", "-newkey", variant.leafKey, "-keyout", "leaf.key", "-subj",
                "/O=k8s/CN=leaf",
            ]
                + ["-config", "config", "-out", "leaf.csr"])
        try openssl(
            [
                "x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "60",
                "-extfile",
            ]
                + ["config", "-extensions", "leaf", "-out", "leaf.pem"] + variant.leafArguments)
    }

    @Test(arguments: variants)
    func acceptsWhatKubeAPIServerAccepts(_ variant: Variant) throws {
        let directory = try TemporaryDirectory()
        try make(variant, in: directory)
        let (ca, leaf) = (
            try certificate("ca.pem", in: directory), try certificate("leaf.pem", in: directory)
        )
        let now = leaf.summary.notBefore.advanced(bySeconds: 60)
        let error = pkiError {
            try ChainVerifier.verify(leaf: leaf, intermediates: [], bundle: [ca], at: now)
        }
        #expect(error?.code == variant.refusal, "\(error as Any)")
        #expect(leaf.summary.notAfter > ca.summary.notAfter)
        if variant.refusal == .sameSubjectNoAKI {
            #expect(error?.description.contains("same subject DN and no AKI") == true)
            let verdict = try run(
                "openssl", ["verify", "-CAfile", "ca.pem", "leaf.pem"], currentDirectory: directory.path)
            #expect(verdict.stderr.contains("error 18"), "openssl says something else: \(verdict.stderr)")
            // Only a CA that did sign it makes it that case.
            let other = try issueCA(TestProfile.plain.ca(.ed25519), at: now).certificate
            let alone = pkiError {
                try ChainVerifier.verify(leaf: leaf, intermediates: [], bundle: [other], at: now)
            }
            #expect(alone?.code == .selfSigned)
        }
    }

    @Test func timesAndTrust() throws {
        let ca = try issueCA(TestProfile.plain.ca(.ecdsa(bits: 256), days: 100))
        let other = try issueCA(TestProfile.plain.ca(.ecdsa(bits: 256)))
        let leaf = try issueLeaf(TestProfile.plain.leaf(.ecdsa(bits: 256), days: 10), by: ca).certificate
        func verdict(_ bundle: [TestPair], days: Int64) -> PKIError? {
            let now = testTime.advanced(bySeconds: days * 86400)
            return pkiError {
                try ChainVerifier.verify(
                    leaf: leaf, intermediates: [], bundle: bundle.map(\.certificate), at: now)
            }
        }
        #expect(verdict([ca], days: 0) == nil && verdict([other, ca], days: 9) == nil)
        #expect(verdict([ca], days: 11)?.code == .expired && verdict([ca], days: -1)?.code == .notYetValid)
        #expect(verdict([other], days: 0)?.code == .untrusted)
        #expect(verdict([], days: 0)?.code == .untrusted)
        #expect(verdict([other], days: 0)?.hint?.contains(ca.certificate.summary.subject) == true)
        #expect(verdict([ca], days: 11)?.description == "cannot trust CN=aggregator: certificate has expired")
    }

    /// A trust bundle may hold an intermediate CA alone: Go takes each of its certificates as a root.
    @Test func intermediates() throws {
        let directory = try TemporaryDirectory()
        let extensions = (Self.ca + ["authorityKeyIdentifier=keyid"]).joined(separator: "\n")
        try directory.write("[req]\ndistinguished_name=dn\n[dn]\n[ca]\n\(extensions)\n", to: "config")
        for name in ["root", "middle"] {
            try openssl(
                "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "\(name).key", in: directory)
        }
        try openssl(
            "req", "-x509", "-new", "-key", "root.key", "-subj", "/CN=root", "-days", "3650", "-config",
            "config", "-extensions", "ca", "-out", "root.pem", in: directory)
        try openssl(
            "req", "-new", "-key", "middle.key", "-subj", "/CN=middle", "-config", "config", "-out",
            "middle.csr", in: directory)
        try openssl(
            "x509", "-req", "-in", "middle.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial",
            "-days", "3650", "-extfile", "config", "-extensions", "ca", "-out", "middle.pem", in: directory)
        let (root, middle) = (
            try certificate("root.pem", in: directory), try certificate("middle.pem", in: directory)
        )
        let now = middle.summary.notBefore.advanced(bySeconds: 600)
        let key = secret(try String(contentsOfFile: directory.file("middle.key"), encoding: .utf8))
        let leaf = try issueLeaf(
            TestProfile.plain.leaf(.ed25519),
            by: TestPair(certificate: middle, privateKey: PrivateKey(pem: key, path: "middle.key")), at: now
        ).certificate
        #expect(leaf.summary.authorityKeyIdentifier == middle.summary.subjectKeyIdentifier)
        try ChainVerifier.verify(leaf: leaf, intermediates: [], bundle: [middle], at: now)
        try ChainVerifier.verify(leaf: leaf, intermediates: [middle], bundle: [root], at: now)
        let missing = pkiError {
            try ChainVerifier.verify(leaf: leaf, intermediates: [], bundle: [root], at: now)
        }
        #expect(missing?.code == .untrusted)
    }
}
