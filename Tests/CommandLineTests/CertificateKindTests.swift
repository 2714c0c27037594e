// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What the spec can ask of certificates, made by the program and read by openssl(1).
@Suite struct CertificateKindTests {
    private func make(_ certificates: String, _ allowed: String = "aggregator") throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        try directory.write(
            """
            { "apiVersion": "aggbootstrap/v1", "cluster": "demo", "certificates": \(certificates),
              "requestHeader": { "allowedNames": ["\(allowed)"] }, "nodes": [{ "name": "cp1", "local": true }] }
            """, to: "cluster.json")
        let made = try aggbootstrap(["init", "--root", "out", "--spec", "cluster.json"], in: directory)
        try #require(made.status == 0, "\(made.stderr)")
        try directory.write(made.stdout, to: "shown")
        let again = try aggbootstrap(["init", "--root", "out", "--spec", "cluster.json"], in: directory)
        #expect(again.stdout.contains("done: 0 certificates issued, 0 files written"), "\(again.stdout)")
        return directory
    }

    /// kubeadm's files: names, modes, subjects, and flags that point at them.
    @Test(arguments: ["rsa", "ecdsa", "ed25519"]) func kubeadm(algorithm: String) throws {
        let key = #""key": { "algorithm": "\#(algorithm)" }"#
        let directory = try make(
            """
            { "directory": "/etc/kubernetes/pki",
              "files": { "ca": "front-proxy-ca.crt", "certificate": "front-proxy-client.crt",
                         "key": "front-proxy-client.key" },
              "ca": { "commonName": "front-proxy-ca", \(key) },
              "proxyClient": { "commonName": "front-proxy-client", \(key) } }
            """, "front-proxy-client")
        let pki = directory.file("out/cp1/etc/kubernetes/pki")
        let files = [
            "front-proxy-ca.crt": "644", "front-proxy-client.crt": "644", "front-proxy-client.key": "600",
        ]
        #expect(try FileManager.default.contentsOfDirectory(atPath: pki).sorted() == files.keys.sorted())
        for (name, mode) in files { #expect(fileMode("\(pki)/\(name)") == mode, "\(name)") }
        let read = try shell(
            """
            cd \(pki) && openssl verify -x509_strict -purpose sslclient -CAfile front-proxy-ca.crt front-proxy-client.crt
            openssl x509 -noout -subject -ext extendedKeyUsage -in front-proxy-client.crt
            openssl x509 -noout -subject -in front-proxy-ca.crt
            cmp <(openssl x509 -in front-proxy-client.crt -noout -pubkey) <(openssl pkey -in front-proxy-client.key -pubout)
            """, in: directory)
        let lines = read.stdout.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        try #require(read.status == 0 && lines.count == 5, "\(read.stdout)\(read.stderr)")
        #expect(lines[0] == "front-proxy-client.crt: OK")
        #expect(lines[1] == "subject=CN = front-proxy-client")
        #expect(lines[2...3] == ["X509v3 Extended Key Usage:", "TLS Web Client Authentication"])
        #expect(lines[4].wholeMatch(of: /subject=CN = front-proxy-ca [0-9a-f]{8}/) != nil)
        let flags = try shell("cat out/cp1/etc/systemd/system/*.d/zz-aggregation.conf", in: directory).stdout
        for flag in [
            "--requestheader-client-ca-file=/etc/kubernetes/pki/front-proxy-ca.crt",
            "--proxy-client-cert-file=/etc/kubernetes/pki/front-proxy-client.crt",
            "--proxy-client-key-file=/etc/kubernetes/pki/front-proxy-client.key",
            "--requestheader-allowed-names=front-proxy-client",
        ] {
            #expect(flags.contains(flag), "\(flags)")
        }
        // kubeadm's key loader takes RSA and ECDSA alone.
        let notice =
            "note: kube-apiserver accepts Ed25519 keys; kubeadm's own certificate commands refuse them"
        let shown = try String(contentsOfFile: directory.file("shown"), encoding: .utf8)
        #expect(shown.contains(notice) == (algorithm == "ed25519"), "\(shown)")
    }

    /// Each key as openssl(1) names it, with the sizes that the spec takes.
    static let keys: [(json: String, text: [String])] = [
        (#"{ "algorithm": "rsa", "size": 2048 }"#, ["rsaEncryption", "(2048 bit)"]),
        (#"{ "algorithm": "rsa", "size": 3072 }"#, ["rsaEncryption", "(3072 bit)"]),
        (#"{ "algorithm": "rsa", "size": 4096 }"#, ["rsaEncryption", "(4096 bit)"]),
        (#"{ "algorithm": "ecdsa", "size": 256 }"#, ["id-ecPublicKey", "prime256v1"]),
        (#"{ "algorithm": "ecdsa", "size": 384 }"#, ["id-ecPublicKey", "secp384r1"]),
        (#"{ "algorithm": "ecdsa", "size": 521 }"#, ["id-ecPublicKey", "secp521r1"]),
        (#"{ "algorithm": "ed25519" }"#, ["Public Key Algorithm: ED25519"]),
    ]

    @Test(arguments: keys) func everyKey(json: String, text: [String]) throws {
        let directory = try make(#"{ "ca": { "key": \#(json) }, "proxyClient": { "key": \#(json) } }"#)
        #expect(try problemsOfPair("out/cp1", in: directory) == "")
        for file in ["aggregator-ca.pem", "aggregator.pem"] {
            let read = try shell(
                "openssl x509 -noout -text -in out/cp1/etc/kubernetes/ssl/\(file)", in: directory
            ).stdout
            for part in text { #expect(read.contains(part), "\(file): \(read)") }
        }
    }

    /// cfssl's names of usages, and what openssl(1) calls them; `client auth` is always among them.
    static let usages: [(name: String, text: String)] = [
        ("signing", "Digital Signature"), ("digital signature", "Digital Signature"),
        ("content commitment", "Non Repudiation"), ("key encipherment", "Key Encipherment"),
        ("data encipherment", "Data Encipherment"), ("key agreement", "Key Agreement"),
        ("server auth", "TLS Web Server Authentication"), ("client auth", "TLS Web Client Authentication"),
    ]

    @Test(arguments: usages) func everyUsage(name: String, text: String) throws {
        let list = name == "client auth" ? #""client auth""# : #""\#(name)", "client auth""#
        let directory = try make(
            #"{ "proxyClient": { "key": { "algorithm": "rsa" }, "usages": [\#(list)] } }"#)
        let read = try shell(
            "openssl x509 -noout -ext keyUsage,extendedKeyUsage -in out/cp1/etc/kubernetes/ssl/aggregator.pem",
            in: directory)
        let found = read.stdout.split { ",\n".contains($0) }
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.hasPrefix("X509v3") }
        #expect(found.contains(text) && found.contains("TLS Web Client Authentication"), "\(read.stdout)")
        // Nothing that was not asked for but the signature that every client needs.
        #expect(
            Set(found).subtracting([text, "Digital Signature", "TLS Web Client Authentication"]).isEmpty,
            "\(read.stdout)")
    }
}
