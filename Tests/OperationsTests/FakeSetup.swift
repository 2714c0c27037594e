// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import LocalFiles
@testable import PKI
@testable import Planning
@testable import Secrets
@testable import Spec
@testable import Values

/// What a control plane of a `FakeFleet` has before the program comes.
struct FakeSetup: Sendable {
    /// Of its kube-apiserver's command.
    var flags: [String] = []
    /// Below the directory of certificates.
    var files: [String: [UInt8]] = [:]
    /// Whether its kube-apiserver watches the files that it was started with, as one from 1.23 on does.
    var watchesFiles = false

    /// No aggregation layer.
    static let bare = FakeSetup()

    /// One CA for clients and for the front proxy, as much copied guides have it, and any name allowed.
    static func sharedCA() throws -> FakeSetup {
        let authority = try FakeAPIServer.clientAuthority.get()
        return FakeSetup(
            flags: flags(ca: "ca.pem", names: "", pair: "proxy"),
            files: try pair(of: authority, name: "aggregator", file: "proxy"))
    }

    /// A CA of its own, and all of it elsewhere than the spec says, under another name.
    static func elsewhere(_ authority: FakeAuthority? = nil) throws -> FakeSetup {
        let authority = try authority ?? FakeAuthority("front-proxy-ca")
        var files = try pair(of: authority, name: "front-proxy-client")
        files["front-proxy-ca.crt"] = authority.certificate.pem
        return FakeSetup(
            flags: flags(ca: "front-proxy-ca.crt", names: "front-proxy-client", pair: "front-proxy-client"),
            files: files)
    }

    /// A CA of its own whose subject is that of the client CA, as two copies of one request give it.
    static func sameSubject() throws -> FakeSetup {
        let authority = try FakeAuthority(subjectOf: FakeAPIServer.clientAuthority.get().certificate)
        var files = try pair(of: authority, name: "aggregator")
        files["aggregator-ca.pem"] = authority.certificate.pem
        return FakeSetup(
            flags: flags(ca: "aggregator-ca.pem", names: "aggregator", pair: "aggregator"), files: files)
    }

    /// A CA of its own at the paths of the spec, and another name.
    static func otherName() throws -> FakeSetup {
        let authority = try FakeAuthority("front-proxy-ca")
        var files = try pair(of: authority, name: "front-proxy-client", file: "aggregator")
        files["aggregator-ca.pem"] = authority.certificate.pem
        return FakeSetup(
            flags: flags(ca: "aggregator-ca.pem", names: "front-proxy-client", pair: "aggregator"),
            files: files)
    }

    private static func flags(ca: String, names: String, pair: String) -> [String] {
        let directory = "/etc/kubernetes/ssl"
        return [
            "--requestheader-client-ca-file=\(directory)/\(ca)", "--requestheader-allowed-names=\(names)",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-username-headers=X-Remote-User",
            "--proxy-client-cert-file=\(directory)/\(pair).pem",
            "--proxy-client-key-file=\(directory)/\(pair)-key.pem",
        ]
    }

    private static func pair(of authority: FakeAuthority, name: String, file: String? = nil) throws
        -> [String: [UInt8]]
    {
        let (certificate, key) = try authority.client(name)
        return [
            "\(file ?? name).pem": certificate.pem,
            "\(file ?? name)-key.pem": key.pem.withUnsafeBytes { Array($0) },
        ]
    }
}

/// A CA that the program does not know.
struct FakeAuthority: Sendable {
    let certificate: Certificate
    private let key: PrivateKey

    init(_ name: String) throws {
        let profile = Self.profile(.ca, name, [], days: 3650)
        key = try PrivateKey.generate(profile.key)
        certificate = try CertificateAuthority.issueCA(
            profile, key: key, validity: .init(profile.validity, at: LocalHost.now()), serial: .random())
    }

    /// With a key of its own.
    init(subjectOf other: Certificate) throws {
        let directory = try TemporaryDirectory()
        let subject = try #require(other.summary.commonName)
        // The name in the kind of string that the program's own CAs have.
        try directory.write(
            "[req]\nstring_mask = pkix\ndistinguished_name = n\nx509_extensions = e\n[n]\n[e]\n"
                + "basicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign\nsubjectKeyIdentifier = hash\n",
            to: "config")
        let made = try run(
            "openssl",
            [
                "req", "-x509", "-config", directory.file("config"), "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", "999", "-subj", "/CN=\(subject)", "-keyout",
                directory.file("key"), "-out", directory.file("pem"),
            ])
        #expect(made.status == 0, "\(made.stderr)")
        let pem = try #require(try FileReader.read(directory.file("pem")))
        certificate = try Certificate.parseBundle(pem: pem, path: "pem")[0]
        key = try PrivateKey(pem: #require(try FileReader.readSecret(directory.file("key"))), path: "key")
        #expect(certificate.summary.subjectDER == other.summary.subjectDER)
    }

    private static func profile(
        _ role: CertificateProfile.Role, _ name: String, _ usages: [CertificateUsage], days: Int64
    ) -> CertificateProfile {
        CertificateProfile(
            role: role, commonName: name, names: SubjectNames(), hosts: [], usages: usages,
            key: .ecdsa(bits: 256), validity: ValidityPeriod(seconds: days * 86400))
    }

    /// One whose certificate another has signed.
    init(_ signed: Certificate, of other: FakeAuthority) { (certificate, key) = (signed, other.key) }

    /// A certificate for another CA.
    func sign(_ other: FakeAuthority) throws -> Certificate {
        let directory = try TemporaryDirectory()
        for (file, content) in [("ca", certificate.pem), ("ca-key", keyPEM), ("key", other.keyPEM)] {
            try directory.write(String(decoding: content, as: UTF8.self), to: file)
        }
        try directory.write(
            "basicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign\n"
                + "subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n",
            to: "extensions")
        let name = try #require(other.certificate.summary.commonName)
        let made = try run(
            "sh",
            [
                "-c",
                "openssl req -new -key key -subj '/CN=\(name)' | openssl x509 -req -CA ca -CAkey ca-key -CAcreateserial "
                    + "-days 99 -extfile extensions -out pem",
            ], currentDirectory: directory.path)
        #expect(made.status == 0, "\(made.stderr)")
        return try Certificate.parseBundle(
            pem: #require(try FileReader.read(directory.file("pem"))), path: "pem")[0]
    }

    var keyPEM: [UInt8] { key.pem.withUnsafeBytes { Array($0) } }

    /// A client's certificate as `openssl x509` makes it without a file of extensions but for its usage.
    func signWithoutIdentifiers(_ name: String, key client: [UInt8]) throws -> [UInt8] {
        let directory = try TemporaryDirectory()
        for (file, content) in [("ca", certificate.pem), ("ca-key", keyPEM), ("key", client)] {
            try directory.write(String(decoding: content, as: UTF8.self), to: file)
        }
        try directory.write(
            "extendedKeyUsage = clientAuth\nauthorityKeyIdentifier = none\n", to: "extensions")
        let made = try run(
            "sh",
            [
                "-c",
                "openssl req -new -key key -subj /CN=\(name) | openssl x509 -req -CA ca -CAkey ca-key -CAcreateserial "
                    + "-days 99 -extfile extensions -out pem && ! openssl x509 -in pem -noout -text | grep -q Authority",
            ], currentDirectory: directory.path)
        #expect(made.status == 0, "\(made.stderr)")
        return try #require(try FileReader.read(directory.file("pem")))
    }

    /// A client's certificate and key.
    func client(_ name: String) throws -> (Certificate, PrivateKey) {
        let profile = Self.profile(.proxyClient, name, [.clientAuth], days: 365)
        let own = try PrivateKey.generate(profile.key)
        let (now, ca) = (LocalHost.now(), self.certificate.summary)
        let validity = CertificateValidity(notBefore: ca.notBefore, notAfter: ca.notAfter)
        let certificate = try CertificateAuthority.issueLeaf(
            profile, key: own, ca: self.certificate, caKey: key,
            validity: .init(profile.validity, at: now, within: validity), now: now, serial: .random())
        return (certificate, own)
    }
}
