// SPDX-License-Identifier: Apache-2.0

import Glibc
import Foundation
import TestSupport
import Testing

/// A result that does not get out is no success, and an argument that is no text names nothing.
@Suite struct OutputTests {
    @Test(arguments: [
        "plan --root out", "plan --root out -o json", "plan --root out --detailed-exitcode",
        "init --root out",
        "init --root out -o json", "verify --root done", "verify --root done -o json", "spec init",
        "spec schema", "spec explain", "status --root done", "status --root done -o json",
        "status --root done -o prometheus", "status --schema", "version", "version -o json", "--version",
        "--help", "help plan",
        "completion bash",
    ])
    func aFullOutputIsAnError(command: String) throws {
        let directory = try TemporaryDirectory()
        #expect(try shell("$A init --root done", in: directory).status == 0)
        let good = try shell("$A \(command) >/dev/null; echo $?", in: directory)
        #expect(["0\n", "2\n"].contains(good.stdout), "\(good)")
        try? FileManager.default.removeItem(atPath: directory.file("out"))
        let full = try shell("$A \(command) >/dev/full; echo $?", in: directory)
        #expect(full.stdout == "74\n", "\(full)")
        #expect(full.stderr.contains("error: cannot write the result to standard output: No space left"))
        #expect(full.stderr.contains("[output/unwritten]"))
        let closed = try shell("($A \(command) >&-); echo $?", in: directory)
        #expect(closed.stdout == "74\n", "\(closed)")
    }

    /// What ends with an error of its own keeps that.
    @Test func anErrorKeepsItsStatus() throws {
        let directory = try TemporaryDirectory()
        let result = try shell(
            "$A plan --root out --spec missing.json -o json >/dev/full; echo $?", in: directory)
        #expect(result.stdout == "65\n" && result.stderr.contains("[spec/missing]"), "\(result)")
        #expect(result.stderr.contains("[output/unwritten]"))
    }

    /// The first file that is opened must not become the standard output.
    @Test func nothingIsWrittenIntoAFileInItsPlace() throws {
        let directory = try TemporaryDirectory()
        #expect(try shell("($A init --root out <&- >&- 2>&-); echo $?", in: directory).stdout == "74\n")
        #expect(try problemsOfPair("out/cp1", in: directory) == "")
        let found = try shell("grep -rlE 'done: |aggbootstrap: ' out", in: directory)
        #expect(found.stdout == "", "\(found)")
    }

    @Test(arguments: [
        #"init --root $'out\xff'"#, #"init --root out --state $'s\xfe'"#, #"plan --root=$'\xc3('"#,
        #"spec init $'x\xff.json'"#,
    ])
    func anArgumentThatIsNoTextIsRefused(command: String) throws {
        let directory = try TemporaryDirectory()
        let result = try shell("$A \(command); echo $?; ls -A", in: directory)
        #expect(result.stdout == "64\n", "\(result)")
        #expect(
            result.stderr.contains("holds a byte that is not UTF-8")
                && result.stderr.contains("[usage/not-text]"))
    }

    @Test func aVariableThatIsNoTextIsRefused() throws {
        let directory = try TemporaryDirectory()
        let result = try shell(
            #"AGGBOOTSTRAP_STATE=$'s\xff' $A init --root out; echo $?; ls -A"#, in: directory)
        #expect(result.stdout == "64\n" && result.stderr.contains("$AGGBOOTSTRAP_STATE"), "\(result)")
    }

    /// An error, and not the end of the program by a trap.
    @Test func fewDescriptorsAreAnError() throws {
        let directory = try TemporaryDirectory()
        for limit in [4, 5, 6, 8, 12, 15, 16, 20] {
            let result = try shell("ulimit -n \(limit); $A init --root out\(limit); echo $?", in: directory)
            let status = result.stdout.split(separator: "\n").last.map(String.init)
            #expect(status == (limit < 16 ? "1" : "0"), "\(limit): \(result)")
            #expect(result.stderr.contains("[run/few-descriptors]") == (limit < 16))
        }
    }

    @Test func oddDirectoriesAreJustNames() throws {
        let directory = try TemporaryDirectory()
        for name in [#"$'\u0301b'"#, #"$'a\u202eb'"#, "'a b'", #"$'a\nb'"#, "...", "-x", "'*'"] {
            let result = try shell(
                "mkdir -- \(name) && cd -- \(name) && $A init --root ./out && ls -A && cd .. && $A init --root ./\(name)",
                in: directory)
            #expect(result.status == 0 && result.stdout.contains("\nout\n"), "\(name): \(result)")
            #expect(
                try shell(
                    "test -f \(name.hasPrefix("-") ? "./-x" : name)/cp1/etc/kubernetes/ssl/aggregator-key.pem",
                    in: directory
                ).status == 0)
        }
    }

    // MARK: - One file that cannot be replaced

    /// Offline too, a node that failed is as it was.
    @Test func aFileThatCannotBeReplacedLeavesTheNodeAsItWas() throws {
        try expectUnchanged("mount --bind $F $F 2>/dev/null || exit 99", by: "unshare -rm bash")
    }

    /// Immutable, which root cannot write over either; on a file system without that, another mount.
    @Test(.enabled(if: geteuid() == 0, "to make a file immutable takes root"))
    func anImmutableFileLeavesTheNodeAsItWas() throws {
        try expectUnchanged(
            "chattr +i $F 2>/dev/null || mount --bind $F $F || exit 99; trap 'chattr -i $F 2>/dev/null' EXIT",
            by: "unshare -m bash")
    }

    private func expectUnchanged(_ held: String, by program: String) throws {
        let directory = try TemporaryDirectory()
        #expect(try shell("$A init --root out", in: directory).status == 0)
        let hold = """
            F=\(directory.file("out/cp1/etc/kubernetes/ssl"))/aggregator.pem
            \(held)
            $A rotate --root out --yes; echo status $?
            """
        let files =
            "cd out/cp1 && find . -type f | sort | xargs stat -c '%n %a %u %g' && find . -type f | sort | xargs sha256sum"
        let before = try shell(files, in: directory).stdout
        try directory.write(hold, to: "hold.sh")
        let result = try shell("\(program) hold.sh", in: directory)
        try #require(result.status != 99, "the file cannot be held here")
        #expect(result.stdout.contains("status 1"), "\(result)")
        #expect(result.stderr.contains("every file is as it was"), "\(result)")
        // Root may write all but what is immutable.
        #expect(
            result.stderr.contains("chattr -i") == result.stderr.contains("Operation not permitted"),
            "\(result)")
        #expect(try shell(files, in: directory).stdout == before)
        #expect(try problemsOfPair("out/cp1", in: directory) == "")
        #expect(try leftovers(in: directory) == "")
        #expect(try shell("$A rotate --root out --yes", in: directory).status == 0)
        #expect(try shell(files, in: directory).stdout != before)
    }
}
