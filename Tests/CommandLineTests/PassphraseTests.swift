// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite struct PassphraseTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write("correct horse\n", to: "good")
        try directory.write("battery staple\n", to: "wrong")
        _ = try shell("chmod 600 good wrong", in: directory)
    }

    private func keyFiles() throws -> [String: String] {
        let files = try shell("find out -name '*key.pem' | sort", in: directory).stdout
        return try files.split(separator: "\n").reduce(into: [:]) { keys, file in
            keys[String(file)] = try String(contentsOfFile: directory.file(String(file)), encoding: .utf8)
        }
    }

    private static let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----"

    /// The state's keys are under it and the node's is not, which kube-apiserver must read.
    @Test func everyWayIn() throws {
        for way in [
            "$A init --root out --passphrase-file good", "$A init --root out --passphrase-fd 3 3<good",
            "$A init --root out --passphrase-fd 9 9< <(printf 'correct horse')",
            "AGGBOOTSTRAP_PASSPHRASE_FILE=good $A init --root out",
            "mkdir -p c && cp good c/aggbootstrap-passphrase && chmod 640 c/* && CREDENTIALS_DIRECTORY=$PWD/c "
                + "$A init --root out",
        ] {
            let result = try shell("rm -rf out; \(way)", in: directory)
            #expect(result.status == 0, "\(way): \(result.stderr)")
            let keys = try keyFiles()
            #expect(keys.count == 3)
            for (file, text) in keys {
                #expect(text.hasPrefix(Self.encrypted) == file.hasPrefix("out/.state/"), "\(way): \(file)")
                #expect(fileMode(directory.file(file)) == "600")
            }
            #expect(try problemsOfPair("out/cp1", in: directory) == "")
            let opened = try shell(
                "openssl pkey -in out/.state/leaves/cp1/0001/key.pem -passin file:good "
                    + "| cmp - out/cp1/etc/kubernetes/ssl/aggregator-key.pem", in: directory)
            #expect(opened.status == 0, "\(way): \(opened.stderr)")
        }
    }

    @Test func withoutItAndWithAWrongOne() throws {
        #expect(try shell("$A init --root out --passphrase-file good", in: directory).status == 0)
        // Nothing to do needs no key.
        #expect(try shell("$A init --root out", in: directory).status == 0)
        _ = try shell("rm out/cp1/etc/kubernetes/ssl/aggregator-key.pem", in: directory)
        let before = treeListing(directory.path)

        let plan = try shell("$A plan --root out", in: directory)
        #expect(plan.status == 0)
        #expect(
            plan.stdout.contains(
                "note: the private keys of the state directory are encrypted: init needs the passphrase for this"
            ))
        let without = try shell("$A init --root out", in: directory)
        #expect(without.status == 64 && without.stderr.contains("[state/passphrase-needed]"))
        #expect(without.stderr.contains("--passphrase-file FILE"))
        for command in ["init", "plan"] {
            let wrong = try shell("$A \(command) --root out --passphrase-file wrong", in: directory)
            #expect(wrong.status == 1 && wrong.stderr.contains("[pki/wrong-passphrase]"), "\(wrong.stderr)")
            #expect(wrong.stderr.contains("the passphrase does not open it"))
        }
        #expect(treeListing(directory.path) == before)

        let mended = try shell("$A init --root out --passphrase-file good", in: directory)
        #expect(mended.status == 0 && mended.stdout.contains("0 certificates issued, 1 file written"))
        #expect(try problemsOfPair("out/cp1", in: directory) == "")
    }

    /// A passphrase that comes later covers what is there already, earlier leaves too.
    @Test func aStateThatWasPlain() throws {
        let renamed = """
            { "apiVersion": "aggbootstrap/v1", "cluster": "demo", "requestHeader": { "allowedNames": ["b"] },
              "certificates": { "proxyClient": { "commonName": "b" } }, "nodes": [{ "name": "cp1", "local": true }] }
            """
        try directory.write(renamed, to: "renamed.json")
        try directory.write(renamed.replacing("\"b\"", with: "\"c\""), to: "again.json")
        #expect(try shell("$A init --root out --spec renamed.json", in: directory).status == 0)
        #expect(try shell("$A init --root out --spec again.json", in: directory).status == 0)
        let node = try keyFiles().filter { !$0.key.hasPrefix("out/.state") }

        let line = "$A init --root out --spec again.json --passphrase-file good"
        let plan = try shell(line.replacing(" init ", with: " plan "), in: directory)
        #expect(
            plan.stdout.contains("private keys of the state directory to encrypt:\n  ~ ca/0001-"),
            "\(plan.stdout)")
        #expect(plan.stdout.contains("\n  ~ leaves/cp1/0001/key.pem\n  ~ leaves/cp1/0002/key.pem\n"))
        let first = try shell(line, in: directory)
        #expect(first.status == 0, "\(first.stderr)")
        #expect(
            first.stdout.contains("done: 3 private keys encrypted, 0 certificates issued, 0 files written"))
        let keys = try keyFiles()
        #expect(keys.values.filter { $0.hasPrefix(Self.encrypted) }.count == 3)
        #expect(keys.filter { !$0.key.hasPrefix("out/.state") } == node)
        for again in [line, "$A init --root out --spec again.json"] {
            let second = try shell(again, in: directory)
            #expect(second.status == 0 && second.stdout.contains("nothing to change"), "\(second.stderr)")
        }
    }

    @Test(arguments: [
        ("--passphrase-file missing", "cannot read the passphrase missing: no such file"),
        ("--passphrase-file open", "cannot use open: others may read or change it: mode 0644"),
        ("--passphrase-file empty", "the passphrase of empty is empty"),
        ("--passphrase-file two", "the passphrase of two is not one line"),
        ("--passphrase-file long", "the passphrase of long is longer than 1024 bytes"),
        ("--passphrase-file huge", "the passphrase of huge is longer than 1024 bytes"),
        ("--passphrase-fd 8 8<huge", "the passphrase of file descriptor 8 is longer than 1024 bytes"),
        ("--passphrase-file .", "it is not a regular file"),
        ("--passphrase-fd 77", "cannot read file descriptor 77: Bad file descriptor"),
        ("--passphrase-fd 0 --passphrase-file good", "--passphrase-file and --passphrase-fd are both given"),
    ])
    func unusable(options: String, message: String) throws {
        let files = """
            umask 077; : >empty; printf 'a\\nb\\n' >two; head -c 1025 /dev/zero | tr '\\0' x >long
            head -c 99999 /dev/zero | tr '\\0' x >huge
            cp good open; chmod 644 open
            """
        _ = try shell(files, in: directory)
        let before = treeListing(directory.path)
        let result = try shell("$A init --root out \(options)", in: directory)
        #expect(result.status == 64 && result.stderr.contains(message), "\(result.stderr)")
        #expect(result.stderr.contains("hint: "))
        #expect(treeListing(directory.path) == before)
    }

    /// The longest that is taken, whatever ends its line.
    @Test(arguments: ["", "\\n", "\\r\\n"]) func theLongest(end: String) throws {
        let files = "(umask 077; head -c 1024 /dev/zero | tr '\\0' x >most; printf '\(end)' >>most)"
        _ = try shell(files, in: directory)
        for _ in 0..<2 {
            let result = try shell("$A init --root out --passphrase-file most", in: directory)
            #expect(result.status == 0, "\(result.stderr)")
        }
    }

    /// Neither what is printed nor what is stored shows it; nor does the environment of a program that it starts.
    @Test func itIsNowhereToBeSeen() throws {
        let line =
            "strace -f -s 4096 -e trace=write,execve -o trace $A init --root out --passphrase-file good"
        let result = try shell(line, in: directory)
        #expect(result.status == 0 && !(result.stdout + result.stderr).contains("correct horse"))
        let found = try shell("grep -rl 'correct horse' . | sort", in: directory).stdout
        #expect(found == "./good\n")
    }
}
