// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A state directory as people have one: read-only, shared, another user's, used for years.
@Suite struct StateUseTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "cluster.json")
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

    private static let options = "--spec cluster.json --root out --state state"

    /// A key that a killed run has left is gone with the next run, also where that has nothing else to do.
    @Test func nothingToChangeLeavesNoKey() throws {
        try expect(0, "$A init \(Self.options)")
        try expect(
            0,
            "cp -a state/leaves/cp1/0001 state/leaves/cp1/.unfinished-0002; cp -a state/ca/0001-* state/ca/.unfinished-0002"
        )
        try expect(0, "$A init \(Self.options)", "nothing to change")
        #expect(try leftovers(in: directory) == "")
    }

    /// The same of the key that is kept for the end of a rotation, where it was killed before it began.
    @Test(arguments: ["init --root out", "rotate --abort --yes"])
    func noRotationLeavesNoKey(command: String) throws {
        try expect(0, "$A init \(Self.options)")
        try expect(0, "cp -a state/leaves/cp1/0001 state/retired; mkdir state/.retired.aggbootstrap-tmp")
        if command.hasPrefix("rotate") {
            try expect(0, "$A rotate --abort --dry-run --spec cluster.json --state state", "nothing to abort")
            try expect(0, "[ -f state/retired/key.pem ]")
        }
        try expect(0, "$A \(command) --spec cluster.json --state state", "nothing to")
        try expect(0, "[ ! -e state/retired ] && [ ! -e state/.retired.aggbootstrap-tmp ]")
        #expect(try leftovers(in: directory) == "")
    }

    /// Where the file system takes no change, a run that has nothing to change needs none.
    @Test func aReadOnlyState() throws {
        try expect(0, "$A init \(Self.options)")
        let readOnly =
            "strace -f -o /dev/null -P state/lock -e trace=openat -e inject=openat:error=EROFS $A init \(Self.options)"
        try expect(0, readOnly, "nothing to change")
        try expect(0, "rm out/cp1/etc/kubernetes/ssl/aggregator.pem")
        try expect(1, readOnly, "cannot open state/lock: Read-only file system")
        #expect(
            !FileManager.default.fileExists(
                atPath: directory.file("out/cp1/etc/kubernetes/ssl/aggregator.pem")))
    }

    /// Two states do not change one tree at once: the second run is refused, and does nothing.
    @Test(arguments: [true, false]) func oneTreeTwoStates(isNew: Bool) throws {
        if isNew { try expect(0, "mkdir out") } else { try expect(0, "$A init \(Self.options)") }
        let before = treeListing(directory.file("out"))
        let other = isNew ? "other" : "state"
        let line = "exec 7<out; flock -x 7; $A init --spec cluster.json --root ./out --state \(other) 7<&-"
        try expect(75, line, "[state/tree-locked]")
        #expect(treeListing(directory.file("out")) == before)
        try expect(0, "$A init --spec cluster.json --root out --state \(other)")
    }

    /// Files that root makes in a user's state are the user's: the next run of theirs gets at them.
    @Test(.enabled(if: geteuid() == 0, "to give files to another user takes root"))
    func aUsersStateUnderSudo() throws {
        let converge = "$A init --spec cluster.json --root out --state state --passphrase-file secret"
        try expect(0, "(umask 077; echo right >secret); mkdir state && chown 1234:2345 state && \(converge)")
        try expect(0, "$A rotate --spec cluster.json --root out --state state --passphrase-file secret")
        let found = try expect(0, "find state ! -uid 1234 -o ! -gid 2345")
        #expect(found.stdout == "")
        #expect(try expect(0, "find state -type f | wc -l").stdout != "0\n")
        #expect(try expect(0, "find out -uid 1234").stdout == "")
    }

    /// Each owner keeps the newest certificate and the one before it; that the others were issued is in the ledger.
    @Test func oldCertificatesAreNotKept() throws {
        try expect(0, "$A init \(Self.options)")
        for _ in 0..<4 { try expect(0, "$A rotate \(Self.options)") }
        #expect(
            try expect(0, "cd state/leaves; echo */*").stdout
                == "cp1/0004 cp1/0005 cp2/0004 cp2/0005 cp3/0004 cp3/0005\n")
        #expect(try expect(0, "grep -c issued-leaf state/ledger.jsonl").stdout == "15\n")
        #expect(
            try expect(0, "grep pruned-leaves state/ledger.jsonl | grep -c '\"leaves\":\"0003\"'").stdout
                == "3\n")
        try expect(0, "$A init \(Self.options)", "nothing to change")
        #expect(try leftovers(in: directory) == "")
    }

    /// What a run reads of the certificates does not grow with what was issued in earlier versions' time.
    @Test func oldCertificatesAreNotRead() throws {
        try expect(0, "$A init \(Self.options)")
        try expect(0, "for f in state/leaves/*/0001/issued; do head -n 3 $f >x; cat x >$f; done; rm x")
        try expect(
            0,
            "for o in cp1 cp2 cp3; do for n in $(seq 2 40); do cp -a state/leaves/$o/0001 state/leaves/$o/$(printf %04d $n); done; done"
        )
        try expect(0, "strace -f -y -o trace -e trace=openat $A plan \(Self.options)")
        let read = try expect(0, "grep -c 'state/leaves/.*certificate.pem' trace").stdout
        #expect(read == "3\n")
        try expect(0, "$A rotate \(Self.options)")
        #expect(try expect(0, "ls state/leaves/cp1").stdout == "0040\n0041\n")
    }
}
