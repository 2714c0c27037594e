// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What is read of the state's private keys: seen by strace(1), not by the program.
@Suite struct StateKeyReadTests {
    /// They are told apart by how they begin, and known by the digest that was written down.
    @Test(arguments: ["plan", "init", "rotate --if-due"]) func aRunWithNothingDue(command: String) throws {
        #expect(try reads(of: command, encrypted: false) == [20])
    }

    @Test(arguments: ["plan", "init"]) func aRunWithNothingDueAndNoPassphrase(command: String) throws {
        #expect(try reads(of: command, encrypted: true) == [20])
    }

    /// A passphrase is tried on a single key.
    @Test func aPassphraseIsTriedOnce() throws {
        let sizes = try reads(of: "plan --passphrase-file secret", encrypted: true)
        #expect(sizes.filter { $0 > 20 }.count <= 3, "\(sizes)")
    }

    /// How many bytes were asked for in each read of a key, sorted, each size once unless it is a large one.
    private func reads(of command: String, encrypted: Bool) throws -> [Int] {
        let directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "cluster.json")
        let options = "--spec cluster.json --root out --state state"
        let passphrase = encrypted ? "--passphrase-file secret" : ""
        let line = """
            (umask 077; echo right >secret)
            $A init \(options) \(passphrase) >/dev/null 2>&1 || exit 9
            strace -f -y -o trace -e trace=read,pread64,readv $A \(command) \(options) >log 2>&1 || exit 8
            grep -oE 'read(v|64)?\\([0-9]+<[^>]*/state/[^>]*key\\.pem>.*, [0-9]+\\)' trace | grep -oE '[0-9]+\\)$' | tr -d ')'
            """
        let result = try shell(line, in: directory)
        #expect(result.status == 0, "\(result.status) \(result.stderr)")
        let sizes = result.stdout.split(separator: "\n").compactMap { Int($0) }
        // Four keys, each looked at.
        #expect(sizes.count >= 4, "\(result.stdout)")
        return Set(sizes.filter { $0 <= 20 }).sorted() + sizes.filter { $0 > 20 }
    }
}
