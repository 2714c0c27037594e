// SPDX-License-Identifier: Apache-2.0

import OpenSSL
import PKI
import Planning
import Spec
import TestSupport
import Testing

/// Requests, as openssl(1) reads them.
@Suite struct CertificateRequestTests {
    static let keys: [KeyAlgorithm] = [
        .rsa(bits: 2048), .ecdsa(bits: 256), .ecdsa(bits: 384), .ecdsa(bits: 521), .ed25519,
    ]

    @Test(arguments: keys) func opensslReadsIt(key: KeyAlgorithm) throws {
        let directory = try TemporaryDirectory()
        let profile = try TestProfile.tutorial.leaf(key)
        let privateKey = try PrivateKey.generate(key)
        let request = try CertificateRequest(profile, key: privateKey)
        try directory.write(String(decoding: request.pem, as: UTF8.self), to: "r.csr")
        try openssl("req", "-in", "r.csr", "-noout", "-verify", in: directory)
        let text = try openssl("req", "-in", "r.csr", "-noout", "-text", "-nameopt", "RFC2253", in: directory)
        for wanted in [
            "Subject: CN=aggregator,OU=System,O=k8s,L=Shanghai,ST=Shanghai,C=CN", "Version: 1 (0x0)",
            "X509v3 Key Usage: critical", "  Digital Signature, Key Encipherment\n",
            "  TLS Web Server Authentication, TLS Web Client Authentication\n",
            "DNS:kubernetes, DNS:kubernetes.default, DNS:kubernetes.default.svc.cluster.local, IP Address:127.0.0.1, ",
            "IP Address:FD00:0:0:0:10:254:0:1",
        ] { #expect(text.contains(wanted), "\(wanted): \(text)") }
        let publicKey = try openssl("req", "-in", "r.csr", "-noout", "-pubkey", in: directory)
        try directory.write(privateKey.pem.revealed, to: "k.pem")
        #expect(try openssl("pkey", "-in", "k.pem", "-pubout", in: directory) == publicKey)
    }

    @Test func theDefaultAsksForNoNames() throws {
        let directory = try TemporaryDirectory()
        let profile = try TestProfile.plain.leaf(.ecdsa(bits: 256))
        let request = try CertificateRequest(profile, key: PrivateKey.generate(profile.key))
        try directory.write(String(decoding: request.pem, as: UTF8.self), to: "r.csr")
        let text = try openssl("req", "-in", "r.csr", "-noout", "-text", in: directory)
        #expect(text.contains("TLS Web Client Authentication") && !text.contains("Alternative Name"))
        #expect(!text.contains("Key Usage: critical"))
    }
}
