// SPDX-License-Identifier: Apache-2.0

import Foundation
import OpenSSL
import Secrets
import TestSupport
import Testing
import Values

@testable import PKI

/// Files under a passphrase, as age(1) has them.
@Suite struct AgeFileTests {
    private let passphrase = secret("correct horse")

    private func seal(_ text: String) throws -> [UInt8] {
        try AgeFile.encrypt(secret(text), passphrase: passphrase, workFactor: 4)
    }

    private func error(_ file: [UInt8], _ passphrase: SecretBytes? = nil) -> AgeErrorCode? {
        do {
            _ = try AgeFile.decrypt(file, passphrase: passphrase ?? self.passphrase, name: "file")
            return nil
        } catch {
            #expect((error as? AgeError)?.reportedHint != nil, "\(error)")
            return (error as? AgeError)?.code
        }
    }

    /// Written by age 1.1.1: `age -p`, with `correct horse` on the terminal.
    @Test func whatAgeWrote() throws {
        let text =
            "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBXMDlFL2F6K2tnNWw3QWFjVUNJNGRnIDE4Ck4zK3YwSlMwRTVDb280c0JSMGpCdGRPWDdK"
            + "UkFMNVJ1cENOYkRYRDhxdGsKLS0tIGRFcGY5TDN5bUplc0w0YUttTUp6RjZQQXozeHl3cmhPbHpIWjA1M1laZTgK6mVB8BBjoRQR5md7z0DpVnDQ"
            + "5IVDcijLVHky80ksGyErGA/YV2V/w8a0"
        let file = try Array(#require(Data(base64Encoded: text)))
        let opened = try AgeFile.decrypt(file, passphrase: passphrase, name: "file")
        #expect(opened.revealed == "hello tar\n")
        #expect(error(file, secret("correct hors")) == .wrongPassphrase)
        // Its text form.
        let lines = stride(from: 0, to: text.count, by: 64).map {
            String(text.dropFirst($0).prefix(64))
        }
        let armoured =
            (["-----BEGIN AGE ENCRYPTED FILE-----"] + lines + ["-----END AGE ENCRYPTED FILE-----", ""])
            .joined(separator: "\n")
        #expect(
            try AgeFile.decrypt(Array(armoured.utf8), passphrase: passphrase, name: "file").revealed
                == "hello tar\n")
        #expect(error(Array(armoured.utf8.dropLast(40))) == .truncated)
    }

    /// age(1) opens what is written here, at every length around a chunk's, and the other way round.
    @Test(.enabled(if: isThere("age") && isThere("script"), "age(1) or script(1) is missing"))
    func bothDirections() throws {
        let directory = try TemporaryDirectory()
        for count in [1, 65535, 65536, 65537, 131_072, 200_000] {
            let text = String(repeating: "x", count: max(0, count - 1)) + (count > 0 ? "\n" : "")
            let file = try AgeFile.encrypt(secret(text), passphrase: passphrase, workFactor: 10)
            try Data(file).write(to: URL(fileURLWithPath: directory.file("it.age")))
            let line =
                "(sleep 0.3; echo 'correct horse') | script -qec 'age -d -o it it.age' /dev/null; cat it"
            let opened = try run("bash", ["-c", line + " >copy"], currentDirectory: directory.path)
            #expect(opened.status == 0, "\(opened.stdout)")
            #expect(try String(contentsOfFile: directory.file("copy"), encoding: .utf8) == text)
        }
        let line =
            "(sleep 0.3; echo 'correct horse'; sleep 0.3; echo 'correct horse') | script -qec 'age -p -o new.age it' /dev/null"
        let made = try run("bash", ["-c", line], currentDirectory: directory.path)
        #expect(made.status == 0, "\(made.stdout)")
        let file = try Array(Data(contentsOf: URL(fileURLWithPath: directory.file("new.age"))))
        #expect(
            try AgeFile.decrypt(file, passphrase: passphrase, name: "file").count == 200_000)
    }

    @Test(arguments: [0, 1, 100, 65536, 65537]) func theSameBytesComeBack(count: Int) throws {
        let text = String(repeating: "k", count: count)
        let file = try seal(text)
        #expect(try AgeFile.decrypt(file, passphrase: passphrase, name: "file").revealed == text)
        #expect(try seal(text) != file)
        #expect(!String(decoding: file, as: UTF8.self).contains("kkkkkkkk"))
    }

    /// Cut off anywhere, or with any byte changed, nothing of it is taken.
    @Test func noPartOfItIsTaken() throws {
        let file = try seal("some content of a state")
        for count in 0..<file.count {
            let code = error(Array(file[..<count]))
            #expect(code != nil, "\(count)")
        }
        #expect(error(Array(file.dropLast())) == .truncated)
        for index in file.indices {
            var other = file
            other[index] ^= 1
            #expect(error(other) != nil, "\(index)")
        }
        #expect(error(file + [0]) == .truncated)
        // Whole chunks gone, moved or doubled.
        let long = try seal(String(repeating: "y", count: 3 << 16))
        let (chunk, head) = ((64 << 10) + 16, long.count - 3 * ((64 << 10) + 16))
        #expect(error(Array(long[..<(head + chunk)])) == .truncated)
        #expect(error(Array(long[..<(head + 2 * chunk)])) == .truncated)
        #expect(error(Array(long[..<(head + 2 * chunk + 5)])) == .truncated)
        let first = long[head..<(head + chunk)]
        #expect(error(Array(long[..<head]) + first + long[head...]) == .damaged)
        var changed = long
        changed[head + 3] ^= 1
        #expect(error(changed) == .damaged)
    }

    @Test(arguments: [
        ("", AgeErrorCode.notAge), ("hello", .notAge), ("age-encryption.org/v2\n-> scrypt", .notAge),
        ("age-encryption.org/v1\n-> X25519 abc\nabc\n--- x\n", .notPassphrase),
        ("age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 30\nQUJD\n", .notAge),
        ("age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 018\nQUJD\n", .notAge),
        ("age-encryption.org/v1\n-> scrypt AAAA 18\nQUJD\n--- x\n", .notAge),
        ("age-encryption.org/v1\n-> scrypt", .truncated),
        (
            "age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 30\n"
                + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n--- x\n", .workFactor
        ),
        (
            "age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 10\n"
                + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-> scrypt AAAA 10\n", .notAge
        ),
    ])
    func headersThatAreNone(text: String, code: AgeErrorCode) {
        #expect(error(Array(text.utf8)) == code)
    }
}

private func isThere(_ program: String) -> Bool {
    ((try? run("bash", ["-c", "command -v \(program)"]))?.status ?? 1) == 0
}
