// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `state show`, `export` and `import` as people use them.
@Suite struct StateCommandTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "cluster.json")
        try expect(0, "umask 077; echo 'correct horse' >good; echo other >wrong")
    }

    @discardableResult
    private func expect(_ status: Int32, _ line: String, _ says: String = "") throws -> ProgramResult {
        let result = try shell(line, in: directory)
        #expect(result.status == status, "\(line): \(result.stdout)\(result.stderr)")
        #expect(
            says.isEmpty || (result.stdout + result.stderr).contains(says),
            "\(line): \(result.stdout)\(result.stderr)")
        return result
    }

    private static let spec = "--spec cluster.json"
    private static let old = "\(spec) --state state"
    private static let new = "\(spec) --state new"

    private func initialise(_ more: String = "") throws {
        try expect(0, "$A init \(Self.old) --root out \(more)")
    }

    /// Over a pipe to another machine, and everything goes on there.
    @Test(arguments: ["", "--passphrase-file good"]) func toAnotherMachine(keys: String) throws {
        try initialise(keys)
        try expect(
            0,
            "set -o pipefail; $A state export \(Self.old) --passphrase-file good - | $A state import \(Self.new) --passphrase-fd 3 - 3<good",
            "done: new holds the state of cluster shanghai, 1 CA and 3 certificates")
        try expect(0, "$A init \(Self.new) --root out", "nothing to change")
        try expect(0, "diff -r --exclude=lock --exclude=ledger.jsonl state new")
        try expect(0, "$A rotate \(Self.new) --root out \(keys)")
        // The first machine's copy is of no use any more, and says so.
        let before = treeListing(directory.path)
        for command in ["init", "rotate"] {
            try expect(1, "$A \(command) \(Self.old) --root out \(keys)", "[plan/older-state]")
        }
        #expect(treeListing(directory.path) == before)
    }

    /// The file is private, an earlier one is replaced as a whole, and nothing else is.
    @Test func theFile() throws {
        try initialise()
        let export = "$A state export \(Self.old) --passphrase-file good"
        try expect(0, "umask 022; \(export) it.age", "done: it.age holds the state of cluster shanghai")
        #expect(fileMode(directory.file("it.age")) == "600")
        try expect(0, "head -n 1 it.age", "age-encryption.org/v1")
        try expect(1, "grep -q -e PRIVATE -e shanghai it.age")
        try expect(
            0,
            "cp it.age first; : >empty; echo text >text; ln -s it.age link; mkdir dir; ls -A --ignore=before | sort >before"
        )
        try expect(0, "\(export) it.age; ! cmp -s it.age first")
        try expect(0, "\(export) empty")
        for file in ["text", "link", "dir", "cluster.json"] {
            try expect(1, "\(export) \(file)", "[state/export-exists]")
        }
        try expect(64, "\(export) ''", "[usage/empty-path]")
        try expect(0, "ls -A --ignore=before | sort | diff before -")
        let shown = try runOnTerminal(
            "\(export) -", environment: Binary.environment(["A": try Binary.path()]),
            currentDirectory: directory.path)
        #expect(shown.status == 64 && shown.screen.contains("[usage/export-to-terminal]"))
    }

    @Test func withoutOrWithAWrongPassphrase() throws {
        try initialise("--passphrase-file good")
        let file = "it.age --passphrase-file"
        try expect(64, "$A state export \(Self.old) it.age", "[usage/export-passphrase]")
        try expect(64, "$A state import \(Self.new) it.age", "[usage/export-passphrase]")
        try expect(1, "$A state export \(Self.old) \(file) wrong", "[pki/wrong-passphrase]")
        #expect(fileMode(directory.file("it.age")) == "missing")
        try expect(0, "$A state export \(Self.old) \(file) good")
        try expect(1, "$A state import \(Self.new) \(file) wrong", "[archive/wrong-passphrase]")
        try expect(1, "$A state import \(Self.new) none --passphrase-file good", "[archive/missing]")
        try expect(1, "$A state import \(Self.new) cluster.json --passphrase-file good", "[archive/not-age]")
        try expect(
            1, "head -c 3000 it.age | $A state import \(Self.new) - --passphrase-file good",
            "[archive/truncated]")
        try expect(1, "$A state import \(Self.old) \(file) good", "[state/import-exists]")
        #expect(fileMode(directory.file("new")) == "missing")
        let traced = try expect(
            0, "strace -f -s 4096 -e trace=write,execve -o trace $A state import \(Self.new) \(file) good")
        #expect(!(traced.stdout + traced.stderr).contains("correct horse"))
        try expect(1, "grep 'correct horse' trace")
    }

    @Test func whereThereIsNone() throws {
        for command in ["show", "export it.age --passphrase-file good"] {
            try expect(1, "$A state \(command) \(Self.old)", "[state/missing]")
            try expect(0, "mkdir -p state; test -z \"$(ls -A state)\"")
        }
        try initialise()
        try expect(
            1, "sed s/shanghai/berlin/ cluster.json >b.json; $A state show --spec b.json --state state",
            "[state/other-cluster]")
        try expect(0, "$A state export \(Self.old) it.age --passphrase-file good")
        try expect(
            1, "$A state import --spec b.json --state new it.age --passphrase-file good",
            "[archive/other-cluster]")
    }

    /// An export waits for nobody, and another run is not in the middle of a change while it reads.
    @Test func anotherRunHoldsTheLock() throws {
        try initialise()
        try expect(
            75,
            "exec 7<>state/lock; flock -x 7; $A state export \(Self.old) it.age --passphrase-file good 7>&-",
            "[state/locked]")
        try expect(
            0, "mkdir .new.aggbootstrap-import; $A state export \(Self.old) it.age --passphrase-file good")
        try expect(
            75,
            "exec 7<.new.aggbootstrap-import; flock -x 7; $A state import \(Self.new) it.age --passphrase-file good 7<&-",
            "[state/locked]")
    }

    /// Killed at any call that changes the disk, an import leaves nothing or all of it, and the next one ends it.
    @Test func aKilledImport() throws {
        try initialise()
        try expect(0, "$A state export \(Self.old) it.age --passphrase-file good")
        let take = "$A state import \(Self.new) it.age --passphrase-file good"
        var stops = 0
        for call in ["rename", "fsync", "mkdir", "unlink"] {
            for number in [1, 4, 12] {
                try expect(0, "rm -rf new")
                let line =
                    "strace -f -o /dev/null -e trace=\(call) -e inject=\(call):signal=KILL:when=\(number) \(take)"
                let status = try shell(line, in: directory).status
                if status != 0 {
                    stops += 1
                    let isThere = fileMode(directory.file("new")) != "missing"
                    try expect(isThere ? 1 : 0, take, isThere ? "[state/import-exists]" : "done")
                }
                try expect(
                    0,
                    "diff -r --exclude=lock --exclude=ledger.jsonl state new; test ! -e .new.aggbootstrap-import"
                )
            }
        }
        #expect(stops >= 5, "\(stops)")
    }

    /// Nothing secret, everything else.
    @Test func show() throws {
        try initialise("--passphrase-file good")
        try expect(0, "$A rotate \(Self.old) --root out --passphrase-file good")
        let text = try expect(0, "$A state show \(Self.old)").stdout
        for part in [
            "cluster shanghai, state state, mode 0700", "7 private keys, encrypted with a passphrase",
            "signs, with its key",
            "cp2  0002 of CA 0001-", "no rotation of the CA is open",
            "a proxy client certificate was issued (cp3) by ",
        ] { #expect(text.contains(part), "\(part): \(text)") }
        try expect(0, "chmod 644 state/leaves/cp1/0001/key.pem")
        let json = try expect(0, "$A state show \(Self.old) -o json").stdout
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        #expect(document["cluster"] as? String == "shanghai" && document["schemaVersion"] as? Int == 2)
        let keys = try #require(document["keys"] as? [String: Any])
        #expect(keys["encrypted"] as? Int == 7 && keys["exposed"] as? [String] == ["leaves/cp1/0001/key.pem"])
        let leaves = try #require(document["leaves"] as? [[String: Any]])
        #expect(leaves.map { $0["node"] as? String } == ["cp1", "cp2", "cp3"])
        let authorities = try #require(document["authorities"] as? [[String: Any]])
        #expect(authorities.count == 1 && authorities[0]["signs"] as? Bool == true)
        #expect((document["history"] as? [Any])?.isEmpty == false)
        #expect(!(text + json).contains("PRIVATE"))
    }
}
