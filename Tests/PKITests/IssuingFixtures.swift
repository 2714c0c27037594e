// SPDX-License-Identifier: Apache-2.0

import Foundation
import PKI
import Planning
import Secrets
import Spec
import OpenSSL
import TestSupport
import Testing
import Values

/// The moment at which the tests issue: nothing here depends on the machine's clock.
let testTime = UnixTime(year: 2026, month: 11, day: 23, hour: 21, minute: 18, second: 57)

/// A certificate with its key.
struct TestPair {
    let certificate: Certificate
    let privateKey: PrivateKey

    var key: SecretBytes { privateKey.pem }
}

enum TestProfile: String, CaseIterable, CustomTestStringConvertible {
    /// What is issued where a spec says nothing.
    case plain
    /// The tutorial's: names, hosts, four usages.
    case tutorial

    var testDescription: String { rawValue }

    private static let names = SubjectNames(
        country: "CN", state: "Shanghai", locality: "Shanghai", organization: "k8s",
        organizationalUnit: "System")

    func ca(_ key: KeyAlgorithm, days: Int64 = 3650) -> CertificateProfile {
        CertificateProfile(
            role: .ca, commonName: self == .plain ? "aggregator-ca" : "aggregator",
            names: self == .plain ? SubjectNames() : Self.names, hosts: [], usages: [], key: key,
            validity: ValidityPeriod(seconds: days * 86400))
    }

    func leaf(_ key: KeyAlgorithm, days: Int64 = 365) throws -> CertificateProfile {
        CertificateProfile(
            role: .proxyClient, commonName: "aggregator",
            names: self == .plain ? SubjectNames() : Self.names,
            hosts: self == .plain ? [] : try Self.hosts(),
            usages: self == .plain ? [.clientAuth] : [.signing, .keyEncipherment, .serverAuth, .clientAuth],
            key: key, validity: ValidityPeriod(seconds: days * 86400))
    }

    /// Addresses come first here, as in the tutorial; certificates have names first.
    static func hosts() throws -> [SubjectAlternativeName] {
        let addresses = ["127.0.0.1", "192.168.123.250", "10.254.0.1", "fd00::10:254:0:1"]
        let names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc.cluster.local"]
        return try addresses.map { .ip(try #require(IPAddress($0))) }
            + names.map { .dns(try #require(DNSName($0))) }
    }
}

func issueCA(
    _ profile: CertificateProfile, key: PrivateKey? = nil, at now: UnixTime = testTime
) throws -> TestPair {
    let key = try key ?? PrivateKey.generate(profile.key)
    return TestPair(
        certificate: try CertificateAuthority.issueCA(
            profile, key: key, validity: .init(profile.validity, at: now), serial: .random()),
        privateKey: key)
}

func issueLeaf(
    _ profile: CertificateProfile, by ca: TestPair, at now: UnixTime = testTime
) throws -> TestPair {
    let key = try PrivateKey.generate(profile.key)
    let certificate = try CertificateAuthority.issueLeaf(
        profile, key: key, ca: ca.certificate, caKey: ca.privateKey,
        validity: .init(profile.validity, at: now, within: ca.certificate.summary.validity), now: now,
        serial: .random())
    return TestPair(certificate: certificate, privateKey: key)
}

func secret(_ text: String) -> SecretBytes {
    Array(text.utf8).withUnsafeBytes { SecretBytes(copying: $0) }
}

extension SecretBytes {
    /// Tests look at keys that protect nothing.
    var revealed: String { withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
}

extension Certificate {
    var pemText: String { String(decoding: pem, as: UTF8.self) }
}

/// Runs the openssl command and returns what it wrote; records an issue unless it ends with 0.
@discardableResult
func openssl(_ arguments: String..., in directory: TemporaryDirectory) throws -> String {
    let result = try run("openssl", arguments, currentDirectory: directory.path)
    #expect(result.status == 0, "openssl \(arguments.joined(separator: " ")): \(result.stderr)")
    return result.stdout
}

/// The error that `body` throws.
func pkiError(_ body: () throws -> some Any) -> PKIError? {
    do {
        _ = try body()
        return nil
    } catch {
        return error as? PKIError
    }
}

/// A certificate that the openssl command made, from a file of `directory`.
func certificate(_ name: String, in directory: TemporaryDirectory) throws -> Certificate {
    try Certificate.parse(
        pem: Array(Data(contentsOf: URL(fileURLWithPath: directory.file(name)))), path: name)
}
