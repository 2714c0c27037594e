// SPDX-License-Identifier: Apache-2.0

import Foundation
import OpenSSL
import PKI
import Secrets
import Spec
import TestSupport
import Testing
import Values

@Suite struct PrivateKeyTests {
    /// The oracle's digest of a public key.
    private func opensslDigest(_ name: String, _ directory: TemporaryDirectory) throws -> String {
        try openssl("pkey", "-in", name, "-pubout", "-outform", "DER", "-out", "pub.der", in: directory)
        return String(try openssl("dgst", "-sha256", "-r", "pub.der", in: directory).prefix(64))
    }

    private func read(_ name: String, _ directory: TemporaryDirectory) throws -> SecretBytes {
        secret(try String(contentsOfFile: directory.file(name), encoding: .utf8))
    }

    private func pem(_ der: Data) -> SecretBytes {
        secret("-----BEGIN PRIVATE KEY-----\n\(der.base64EncodedString())\n-----END PRIVATE KEY-----\n")
    }

    @Test func formsThatOpensslWrites() throws {
        let directory = try TemporaryDirectory()
        try openssl("genrsa", "-traditional", "-out", "pkcs1.pem", "2048", in: directory)
        try openssl("genrsa", "-out", "pkcs8.pem", "2048", in: directory)
        try openssl(
            "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "sec1.pem", in: directory)
        try openssl("ecparam", "-name", "secp384r1", "-genkey", "-out", "parameters.pem", in: directory)
        try openssl("genpkey", "-algorithm", "ed25519", "-out", "ed25519.pem", in: directory)
        let forms = [
            ("pkcs1.pem", "RSA PRIVATE KEY"), ("pkcs8.pem", "PRIVATE KEY"), ("sec1.pem", "EC PRIVATE KEY"),
            ("parameters.pem", "EC PARAMETERS"), ("ed25519.pem", "PRIVATE KEY"),
        ]
        for (name, label) in forms {
            let pem = try read(name, directory)
            #expect(pem.revealed.hasPrefix("-----BEGIN \(label)-----"), "\(name)")
            let digest = try PrivateKey(pem: pem, path: name).publicKeySHA256()
            #expect(try digest == opensslDigest(name, directory), "\(name)")
            let described = secret("Bag Attributes\n    friendlyName: x\n\(pem.revealed)\n\n")
            let again = try PrivateKey(pem: described, path: name).publicKeySHA256()
            #expect(again == digest, "\(name) with text before it")
            let windows = secret(pem.revealed.replacingOccurrences(of: "\n", with: "\r\n"))
            #expect(try PrivateKey(pem: windows, path: name).publicKeySHA256() == digest, "\(name) with CRLF")
        }
    }

    /// Nothing may ask for a passphrase: a run under a terminal would hang.
    @Test func encryptedKeysAreNamed() throws {
        let directory = try TemporaryDirectory()
        try openssl("genrsa", "-out", "key.pem", "2048", in: directory)
        try openssl(
            "pkcs8", "-topk8", "-in", "key.pem", "-passout", "pass:secret", "-out", "pkcs8.pem", in: directory
        )
        try openssl(
            "rsa", "-in", "key.pem", "-traditional", "-aes256", "-passout", "pass:secret", "-out",
            "pkcs1.pem",
            in: directory)
        for name in ["pkcs8.pem", "pkcs1.pem"] {
            let error = pkiError { try PrivateKey(pem: read(name, directory), path: name) }
            #expect(error?.code == .encryptedKey && error?.hint != nil, "\(error as Any)")
            #expect(error?.description == "cannot read the private key \(name): it is encrypted")
        }
        let encrypted = try read("pkcs8.pem", directory).revealed
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
            let text = encrypted.replacingOccurrences(of: "ENCRYPTED PRIVATE KEY", with: label)
            let error = pkiError { try PrivateKey(pem: secret(text), path: "key.pem") }
            #expect(error?.code == .malformed, "\(error as Any)")
        }
    }

    @Test func rubbish() throws {
        let key = try PrivateKey.generate(.ecdsa(bits: 256)).pem.revealed
        let other = try PrivateKey.generate(.ed25519).pem.revealed
        let lines = key.split(separator: "\n", omittingEmptySubsequences: false)
        let bad: [(String, String)] = [
            ("", "it has no PEM block"),
            ("rubbish", "it has no PEM block"),
            ("\u{0}\u{0}\u{0}\n", "it has no PEM block"),
            (key + "rubbish\n", "something follows the private key"),
            (key + other, "something follows the private key"),
            (String(key.dropLast(12)), "an END line has no BEGIN line of the same label"),
            (lines.dropLast(2).joined(separator: "\n"), "has no end"),
            (lines.dropFirst().joined(separator: "\n"), "an END line has no BEGIN line"),
            (key.replacingOccurrences(of: "END PRIVATE", with: "END EC PRIVATE"), "of the same label"),
            (key.replacingOccurrences(of: " PRIVATE KEY", with: " CERTIFICATE"), "its block is CERTIFICATE"),
            (key.replacingOccurrences(of: " PRIVATE", with: " OPENSSH PRIVATE"), "is not supported"),
            (key.replacingOccurrences(of: lines[1], with: "!!!!"), "cannot read the private key"),
            (key.replacingOccurrences(of: lines[2], with: ""), "lines that are not base64"),
        ]
        for (text, cause) in bad {
            let error = pkiError { try PrivateKey(pem: secret(text), path: "key.pem") }
            #expect(
                error?.code == .malformed && error?.description.contains(cause) == true, "\(error as Any)")
        }
    }

    @Test func bytesAfterTheKeyWithinTheBlock() throws {
        let directory = try TemporaryDirectory()
        try openssl("genpkey", "-algorithm", "ed25519", "-outform", "DER", "-out", "key.der", in: directory)
        let der = try Data(contentsOf: URL(fileURLWithPath: directory.file("key.der")))
        #expect(try PrivateKey(pem: pem(der), path: "key.pem").publicKeySHA256().count == 64)
        #expect(pkiError { try PrivateKey(pem: pem(der + [0]), path: "key.pem") }?.code == .malformed)
    }

    @Test func threadsMakeKeysAtOnce() async throws {
        let algorithms: [KeyAlgorithm] = [.ecdsa(bits: 256), .ed25519, .ecdsa(bits: 384)]
        let digests = try await withThrowingTaskGroup(of: String.self) { group in
            for index in 0..<60 {
                group.addTask {
                    try PrivateKey.generate(algorithms[index % 3]).publicKeySHA256()
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(digests.count == 60)
    }

    /// A file whose private half was damaged still carries the public half that it should.
    @Test func aDamagedPrivateHalfDoesNotMatch() throws {
        let directory = try TemporaryDirectory()
        try openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "key.pem", in: directory)
        try openssl(
            "req", "-x509", "-new", "-key", "key.pem", "-subj", "/CN=x", "-out", "cert.pem", in: directory)
        try openssl(
            "pkcs8", "-topk8", "-nocrypt", "-in", "key.pem", "-outform", "DER", "-out", "key.der",
            in: directory)
        var der = try Data(contentsOf: URL(fileURLWithPath: directory.file("key.der")))
        let certificate = try certificate("cert.pem", in: directory)
        #expect(try KeyPair.matches(certificate: certificate, key: pem(der)))
        // The scalar is bytes 36 to 67 of this fixed layout.
        der[60] ^= 1
        #expect(try !KeyPair.matches(certificate: certificate, key: pem(der)))
    }
}
