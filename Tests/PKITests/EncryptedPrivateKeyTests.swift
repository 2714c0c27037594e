// SPDX-License-Identifier: Apache-2.0

import Foundation
import OpenSSL
import PKI
import Secrets
import Spec
import TestSupport
import Testing
import Values

@Suite struct EncryptedPrivateKeyTests {
    private let directory: TemporaryDirectory
    private let passphrase = secret("correct horse ünd \u{1} % battery")

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write(passphrase.revealed, to: "passphrase")
    }

    @Test(arguments: [
        KeyAlgorithm.rsa(bits: 2048), .ecdsa(bits: 256), .ecdsa(bits: 384), .ecdsa(bits: 521), .ed25519,
    ])
    func theSameBytesComeBack(algorithm: KeyAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm).pem
        let sealed = try EncryptedPrivateKey.encrypt(key, passphrase: passphrase, path: "key.pem")
        #expect(!EncryptedPrivateKey.isEncrypted(key) && EncryptedPrivateKey.isEncrypted(sealed))
        let opened = try EncryptedPrivateKey.decrypt(sealed, passphrase: passphrase, path: "key.pem")
        #expect(opened.revealed == key.revealed)
        // The outsider reads it too, and finds the costs that were asked for.
        try directory.write(sealed.revealed, to: "sealed.pem")
        #expect(
            try openssl("pkey", "-in", "sealed.pem", "-passin", "file:passphrase", in: directory)
                == key.revealed)
        let structure = try openssl("asn1parse", "-in", "sealed.pem", in: directory)
        #expect(structure.contains(":scrypt") && structure.contains(":aes-256-cbc"))
        let numbers = structure.matches(of: /INTEGER +:([0-9A-F]+)/).map { String($0.1) }
        #expect(numbers == ["4000", "08", "05"], "\(structure)")
        // A new salt each time.
        let again = try EncryptedPrivateKey.encrypt(key, passphrase: passphrase, path: "key.pem")
        #expect(again.revealed != sealed.revealed)
    }

    @Test(arguments: [["-v2", "aes-256-cbc"], ["-v2", "aes128"]], ["hmacWithSHA256", "hmacWithSHA512"])
    func whatOpensslWrites(options: [String], digest: String) throws {
        try openssl("genpkey", "-algorithm", "ed25519", "-out", "key.pem", in: directory)
        try openssl(
            "pkcs8", "-topk8", "-in", "key.pem", "-passout", "file:passphrase", "-out", "sealed.pem",
            options[0], options[1], "-v2prf", digest, in: directory)
        let opened = try EncryptedPrivateKey.decrypt(
            read("sealed.pem"), passphrase: passphrase, path: "sealed.pem")
        #expect(try opened.revealed == read("key.pem").revealed)
    }

    @Test(arguments: ["wrong", "correct horse ünd \u{1} % battery ", "correct horse", "x"])
    func aWrongPassphrase(text: String) throws {
        let sealed = try EncryptedPrivateKey.encrypt(
            PrivateKey.generate(.ecdsa(bits: 256)).pem, passphrase: passphrase, path: "key.pem")
        let error = pkiError {
            try EncryptedPrivateKey.decrypt(sealed, passphrase: secret(text), path: "ca-key.pem")
        }
        #expect(error?.code == .wrongPassphrase && error?.hint != nil)
        #expect(
            error?.description.hasPrefix(
                "cannot decrypt the private key ca-key.pem: the passphrase does not open it (") == true,
            "\(error as Any)")
    }

    @Test func damage() throws {
        let plain = try PrivateKey.generate(.ecdsa(bits: 256)).pem
        let sealed = try EncryptedPrivateKey.encrypt(plain, passphrase: passphrase, path: "key.pem").revealed
        let lines = sealed.split(separator: "\n").map(String.init)
        let bad = [
            plain.revealed, "", "rubbish", sealed + "rubbish\n", sealed + sealed,
            lines.dropLast().joined(separator: "\n"),
            (lines.prefix(2) + lines.suffix(1)).joined(separator: "\n") + "\n",
        ]
        for text in bad {
            let error = pkiError {
                try EncryptedPrivateKey.decrypt(secret(text), passphrase: passphrase, path: "key.pem")
            }
            #expect(error?.code == .malformed, "\(text): \(error as Any)")
        }
        // One bit of the ciphertext.
        var changed = lines
        let line = changed[changed.count - 2]
        changed[changed.count - 2] = (line.first == "A" ? "B" : "A") + line.dropFirst()
        let error = pkiError {
            try EncryptedPrivateKey.decrypt(
                secret(changed.joined(separator: "\n") + "\n"), passphrase: passphrase, path: "key.pem")
        }
        #expect(error?.code == .wrongPassphrase || error?.code == .openSSL, "\(error as Any)")
    }

    private func read(_ name: String) throws -> SecretBytes {
        secret(try String(contentsOfFile: directory.file(name), encoding: .utf8))
    }
}
