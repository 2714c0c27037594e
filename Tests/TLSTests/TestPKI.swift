// SPDX-License-Identifier: Apache-2.0

import TLS
import Foundation
import Secrets
import TestSupport
import Values

/// Certificates of the openssl command, made once for all tests of this module.
final class TestPKI: Sendable {
    static let shared = Result { try TestPKI() }

    let directory: TemporaryDirectory

    private init() throws {
        directory = try TemporaryDirectory()
        for (name, subject) in [
            ("ca", "/CN=server ca"), ("other-ca", "/CN=server ca"), ("client-ca", "/O=k8s/CN=client ca"),
            ("front-proxy-ca", "/C=CN/O=k8s/CN=aggregator ca 0badcafe"),
        ] {
            try openssl(
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "30", "-subj",
                subject, "-keyout", file("\(name)-key.pem"), "-out", file("\(name).pem"))
        }
        try issue("server", "/CN=kube-apiserver", "IP:127.0.0.1,IP:::1,DNS:localhost", "serverAuth", by: "ca")
        try issue("elsewhere", "/CN=127.0.0.1", "DNS:elsewhere", "serverAuth", by: "ca")
        try issue("client", "/O=System/CN=aggregator", "DNS:aggregator", "clientAuth", by: "front-proxy-ca")
        try issue("wrong-name", "/CN=somebody", "DNS:aggregator", "clientAuth", by: "front-proxy-ca")
        try issue("user", "/CN=aggregator", "DNS:aggregator", "clientAuth", by: "client-ca")
        try issue("stranger", "/O=System/CN=aggregator", "DNS:aggregator", "clientAuth", by: "other-ca")
        try directory.write(try text("client-ca.pem") + text("front-proxy-ca.pem"), to: "client-cas.pem")
    }

    /// A bundle of CAs that differ in their names alone, and the DER of each in the bundle's order. Only the first one's
    /// signature is its own: a reader of their names checks none.
    func manyCAs(_ count: Int) throws -> (file: String, certificates: [Data]) {
        let name = "\(UUID())"
        let long = String(repeating: "x", count: 60)
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", "/O=\(long)/OU=\(long)/CN=client ca 0000", "-keyout", file("\(name)-key.pem"), "-out",
            file("\(name)-0.pem"))
        let first = Data(try der("\(name)-0.pem"))
        let certificates = (0..<count).map { number in
            var der = first
            let digits = Data(String(format: "%04d", number).utf8)
            while let found = der.range(of: Data("client ca 0000".utf8)), number > 0 {
                der.replaceSubrange((found.upperBound - 4)..<found.upperBound, with: digits)
            }
            return der
        }
        try directory.write(
            certificates.map { der in
                "-----BEGIN CERTIFICATE-----\n\(der.base64EncodedString(options: .lineLength64Characters))\n"
                    + "-----END CERTIFICATE-----\n"
            }.joined(), to: "\(name).pem")
        return ("\(name).pem", certificates)
    }

    /// A CA of that subject, in a file of its own.
    func selfSigned(_ subject: String) throws -> String {
        let name = "\(UUID())"
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-utf8", "-subj", subject, "-keyout", file("\(name)-key.pem"), "-out", file("\(name).pem"))
        return "\(name).pem"
    }

    func file(_ name: String) -> String { directory.file(name) }

    func text(_ name: String) throws -> String { try String(contentsOfFile: file(name), encoding: .utf8) }

    func bytes(_ name: String) throws -> [UInt8] { Array(try text(name).utf8) }

    /// DER of a certificate.
    func der(_ name: String) throws -> [UInt8] {
        // Into a file of its own: tests that run at the same time ask for the same certificate.
        let output = file("\(UUID()).der")
        try openssl("x509", "-in", file(name), "-outform", "DER", "-out", output)
        return Array(try Data(contentsOf: URL(fileURLWithPath: output)))
    }

    func identity(_ name: String) throws -> ClientIdentity {
        let key = try bytes("\(name)-key.pem").withUnsafeBytes { SecretBytes(copying: $0) }
        return ClientIdentity(certificatePEM: try bytes("\(name).pem"), keyPEM: key)
    }

    /// Issues a leaf certificate and its key as `NAME.pem` and `NAME-key.pem`.
    /// - Parameters:
    ///   - usage: its extended key usages, and whatever else follows on lines of its own; nil for none.
    ///   - date: when it is issued, for 30 days; nil for now.
    func issue(
        _ name: String, _ subject: String, _ hosts: String, _ usage: String?, by issuer: String,
        at date: String? = nil
    ) throws {
        let usages = usage.map { "extendedKeyUsage=\($0)\n" } ?? ""
        try directory.write("\(usages)subjectAltName=\(hosts)\n", to: "\(name).ext")
        try openssl(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
            "-keyout", file("\(name)-key.pem"), "-out", file("\(name).csr"))
        let sign = [
            "x509", "-req", "-in", file("\(name).csr"), "-CA", file("\(issuer).pem"), "-CAkey",
            file("\(issuer)-key.pem"), "-CAcreateserial", "-days", "30", "-extfile", file("\(name).ext"),
            "-out", file("\(name).pem"),
        ]
        guard let date else { return try openssl(sign) }
        let result = try run("faketime", ["\(date) 12:00:00", "openssl"] + sign)
        guard result.status == 0 else { throw ToolFailure(text: result.stderr) }
    }

    /// A CA `NAME-ca.pem` and its leaf `NAME.pem` of one subject, without key identifiers.
    func tutorialPair(_ name: String, _ subject: String) throws {
        try directory.write(
            "[req]\ndistinguished_name=name\n[name]\n[ca]\nbasicConstraints=critical,CA:true\n",
            to: "\(name).cnf")
        try openssl([
            "req", "-x509", "-config", file("\(name).cnf"), "-extensions", "ca", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", subject, "-keyout",
            file("\(name)-ca-key.pem"), "-out", file("\(name)-ca.pem"),
        ])
        try issue(
            name, subject, "DNS:aggregator", "clientAuth\nauthorityKeyIdentifier=none", by: "\(name)-ca")
    }

    private func openssl(_ arguments: String...) throws { try openssl(arguments) }

    private func openssl(_ arguments: [String]) throws {
        let result = try run("openssl", arguments)
        guard result.status == 0 else { throw ToolFailure(text: result.stderr) }
    }

    struct ToolFailure: Error { let text: String }
}
