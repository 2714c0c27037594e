// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite struct OfflineInitTests {
    @Test(arguments: [nil, threeNodes] as [String?])
    func aSecondRunWritesNothing(spec: String?) throws {
        let directory = try TemporaryDirectory()
        var arguments = ["init", "--root", "out"]
        if let spec { arguments += ["--spec", try directory.write(spec, to: "cluster.json")] }
        let first = try aggbootstrap(arguments, in: directory)
        #expect(first.status == 0, "\(first.stderr)")
        let nodes = spec == nil ? ["cp1"] : ["cp1", "cp2", "cp3"]
        for node in nodes {
            #expect(try problemsOfPair("out/\(node)", in: directory) == "")
            let ssl = directory.file("out/\(node)/etc/kubernetes/ssl")
            let modes = ["aggregator-ca.pem", "aggregator-key.pem", "aggregator.pem"].map {
                fileMode("\(ssl)/\($0)")
            }
            #expect(modes == ["644", "600", "644"])
        }
        #expect(fileMode(directory.file("out/.state")) == "700")
        let before = treeListing(directory.path)

        let second = try aggbootstrap(arguments, in: directory)
        #expect(second.status == 0, "\(second.stderr)")
        #expect(second.stdout.contains("nothing to change"))
        #expect(second.stdout.contains("done: 0 certificates issued, 0 files written, 0 restarts"))
        #expect(treeListing(directory.path) == before)
        #expect(try leftovers(in: directory) == "")
    }

    /// What a second run asks of the kernel: the lock is all that it opens for writing.
    @Test func aSecondRunOpensOnlyItsLockForWriting() throws {
        let directory = try TemporaryDirectory()
        #expect(try aggbootstrap(["init", "--root", "out"], in: directory).status == 0)
        let calls =
            "open,openat,openat2,creat,rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,rmdir,link,linkat,"
            + "symlink,symlinkat,chmod,fchmod,fchmodat,chown,fchown,fchownat,truncate,ftruncate,utimensat,mknodat"
        // A call that this architecture does not have is no error behind a question mark.
        let traced = calls.split(separator: ",").map { "?\($0)" }.joined(separator: ",")
        let result = try shell("strace -f -o trace -e trace='\(traced)' $A init --root out", in: directory)
        #expect(result.status == 0, "\(result.stderr)")
        let trace = try String(contentsOfFile: directory.file("trace"), encoding: .utf8)
        let lines = trace.split(separator: "\n").map(String.init).filter { $0.contains("(") }
        #expect(lines.count > 10)
        let writing = lines.filter { line in
            let opens = line.contains("open(") || line.contains("openat(") || line.contains("openat2(")
            let isRead =
                opens && !["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"].contains { line.contains($0) }
            return !isRead && !line.contains("\"/dev/null\"")
        }
        #expect(writing.count == 1 && writing.first?.contains("out/.state/lock") == true, "\(writing)")
    }

    /// A lock that another process has: nothing is closed twice, since the number may be another file's by then.
    @Test func aLockThatIsTakenIsLetGoOnce() throws {
        let directory = try TemporaryDirectory()
        #expect(try aggbootstrap(["init", "--root", "out"], in: directory).status == 0)
        let line = """
            printf 'somebody else' >out/.state/lock
            flock out/.state/lock strace -f -o trace -e trace=close,ftruncate,flock $A init --root out; echo status $?
            cat out/.state/lock
            """
        let result = try shell(line, in: directory)
        #expect(result.stdout.contains("status 75") && result.stdout.hasSuffix("somebody else"), "\(result)")
        let trace = try String(contentsOfFile: directory.file("trace"), encoding: .utf8)
        #expect(trace.contains("EAGAIN"))
        #expect(!trace.contains("EBADF") && !trace.contains("ftruncate("), "\(trace)")
    }

    @Test(arguments: [
        ["init", "--dry-run"], ["plan"], ["plan", "-o", "json"], ["init", "--dry-run", "-o", "json"],
    ])
    func aPlanWritesNothingAtAll(command: [String]) throws {
        let directory = try TemporaryDirectory()
        let result = try aggbootstrap(command + ["--root", "out"], in: directory)
        #expect(result.status == 0, "\(result.stderr)")
        #expect(!result.stdout.contains("PRIVATE KEY"))
        #expect(!FileManager.default.fileExists(atPath: directory.file("out")))
        let arguments = command + ["--root", "out", "--state", "elsewhere"]
        #expect(try aggbootstrap(arguments, in: directory).status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    }

    @Test func thePlanAsJSON() throws {
        let directory = try TemporaryDirectory()
        let spec = try directory.write(threeNodes, to: "cluster.json")
        for isEmpty in [false, true] {
            let result = try aggbootstrap(
                ["plan", "--root", "out", "--spec", spec, "-o", "json"], in: directory)
            let object = try JSONSerialization.jsonObject(with: Data(result.stdout.utf8))
            let plan = try #require(object as? [String: Any])
            #expect(plan["schemaVersion"] as? Int == 2)
            #expect(plan["isEmpty"] as? Bool == isEmpty)
            #expect((plan["nodes"] as? [Any])?.count == 3)
            #expect(!result.stdout.contains("PRIVATE KEY") && !result.stdout.contains("BEGIN"))
            let expected: Int32 = isEmpty ? 0 : 2
            let detailed = try aggbootstrap(
                ["plan", "--root", "out", "--spec", spec, "--detailed-exitcode"], in: directory)
            #expect(detailed.status == expected)
            #expect(try aggbootstrap(["init", "--root", "out", "--spec", spec], in: directory).status == 0)
        }
    }

    /// Flags for a whole unit, where the tree has none: the second run must recognise the unit as its own.
    @Test func aWholeUnitOfOursStaysOurs() throws {
        let directory = try TemporaryDirectory()
        let spec = try directory.write(
            """
            {"apiVersion": "aggbootstrap/v1", "cluster": "demo", "apiServer": {"flags": ["--secure-port=6443"]},
             "nodes": [{"name": "cp1", "local": true}]}
            """, to: "cluster.json")
        let arguments = ["init", "--root", "out", "--spec", spec]
        let first = try aggbootstrap(arguments, in: directory)
        #expect(first.status == 0, "\(first.stdout)")
        let before = treeListing(directory.path)
        let second = try aggbootstrap(arguments, in: directory)
        #expect(second.stdout.contains("nothing to change"), "\(second.stdout)")
        #expect(treeListing(directory.path) == before)
    }

    /// A reader that has gone away, as in `init | head -1`, does not stop a change half-way.
    @Test func aClosedOutputStopsNothing() throws {
        let directory = try TemporaryDirectory()
        // The pipe's reading end is closed before the program begins.
        let line = """
            exec 3> >(exec true)
            wait $!
            $A init --root out >&3 2>&3; echo "ended with $?"
            """
        #expect(try shell(line, in: directory).stdout == "ended with 0\n")
        #expect(try problemsOfPair("out/cp1", in: directory) == "")
        #expect(
            try aggbootstrap(["plan", "--root", "out", "--detailed-exitcode"], in: directory).status == 0)
    }

    /// Modes do not depend on the caller's umask, and no key is ever open to others.
    @Test(arguments: ["000", "077", "777"])
    func theUmaskIsWithoutEffect(umask: String) throws {
        let directory = try TemporaryDirectory()
        let line = "umask \(umask); strace -f -o trace -e trace=openat,fchmod,write $A init --root out"
        // A directory made under umask 777 cannot be entered by its owner, unless that is root.
        if umask == "777", geteuid() != 0 { return }
        #expect(try shell(line, in: directory).status == 0)
        for (name, mode) in [
            ("aggregator-ca.pem", "644"), ("aggregator-key.pem", "600"), ("aggregator.pem", "644"),
        ] {
            #expect(fileMode(directory.file("out/cp1/etc/kubernetes/ssl/\(name)")) == mode)
        }
        let trace = try String(contentsOfFile: directory.file("trace"), encoding: .utf8)
        let keys = trace.split(separator: "\n").filter { $0.contains("key.pem") && $0.contains("O_CREAT") }
        #expect(keys.count == 3 && keys.allSatisfy { $0.contains("0600") }, "\(keys)")
    }

    /// A directory whose names cannot be read is not one without names: no second CA is made.
    @Test func aStateThatCannotBeListed() throws {
        let directory = try TemporaryDirectory()
        #expect(try aggbootstrap(["init", "--root", "out"], in: directory).status == 0)
        let before = treeListing(directory.path)
        for command in ["init", "plan"] {
            let line = "strace -f -o /dev/null -e inject=getdents64:error=EIO $A \(command) --root out"
            let result = try shell(line, in: directory)
            #expect(result.status == 1)
            #expect(result.stderr.contains("cannot list out/.state/"), "\(result.stderr)")
            #expect(result.stderr.contains("Input/output error"), "\(result.stderr)")
            #expect(treeListing(directory.path) == before)
        }
    }

    /// What protects keys in memory and is refused is said, and stops nothing.
    @Test(arguments: [
        ("prctl", "cannot forbid memory dumps: Operation not permitted"),
        ("prlimit64", "cannot set the core size limit: Operation not permitted"),
    ])
    func hardeningThatIsRefused(call: String, why: String) throws {
        let directory = try TemporaryDirectory()
        for quiet in ["", "--quiet"] {
            let line = "strace -f -o /dev/null -e inject=\(call):error=EPERM $A init \(quiet) --root out"
            let result = try shell(line, in: directory)
            #expect(result.status == 0, "\(result.stderr)")
            #expect(result.stderr.contains("aggbootstrap: warning: \(why), so "), "\(result.stderr)")
        }
        #expect(try !aggbootstrap(["init", "--root", "out"], in: directory).stderr.contains("warning"))
    }

    @Test func theVersion() throws {
        let directory = try TemporaryDirectory()
        let result = try aggbootstrap(["--version"], in: directory)
        #expect(result.status == 0)
        #expect(result.stdout.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+\n/) != nil)
    }
}
