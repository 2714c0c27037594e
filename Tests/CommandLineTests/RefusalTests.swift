// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Runs that must stop with their own status, a message, and nothing changed.
@Suite struct RefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let status: Int32
        /// What standard error has to say.
        let says: String
        var testDescription: String { arguments.joined(separator: " ") }

        init(_ status: Int32, _ says: String, _ arguments: String...) {
            (self.arguments, self.status, self.says) = (arguments, status, says)
        }
    }

    static let cases = [
        Case(64, "unknown option '--frobnicate' [usage/arguments]", "init", "--root", "out", "--frobnicate"),
        Case(64, "unexpected argument 'now' [usage/arguments]", "init", "now"),
        Case(64, "'yaml' is invalid", "plan", "--root", "out", "-o", "yaml"),
        Case(64, "missing value for '--root <dir>' [usage/arguments]", "plan", "--root"),
        Case(64, "[usage/no-spec]", "plan"),
        Case(64, "[usage/no-spec]", "spec", "validate"),
        Case(64, "[usage/empty-path]", "plan", "--root", ""),
        Case(64, "--cross-sign is given without --ca", "rotate", "--cross-sign"),
        Case(64, "--cross-sign is given without --ca", "rotate", "--if-due", "--cross-sign"),
        Case(64, "--cross-sign is given without --ca", "rotate", "--abort", "--cross-sign"),
        Case(64, "[usage/empty-path]", "plan", "--root", "out", "--state", ""),
        Case(64, "--spec is given an empty path [usage/empty-path]", "plan", "--root", "out", "--spec", ""),
        Case(64, "--soak is given without --ca", "rotate", "--root", "out", "--soak", "5"),
        Case(64, "--watch is given without --ca", "rotate", "--root", "out", "--watch", "5"),
        Case(64, "--accept-laggard is given without --ca", "rotate", "--accept-laggard", "a/b"),
        Case(64, "--accept-unlisted is given without --ca", "rotate", "--accept-unlisted", "192.0.2.1"),
        Case(64, "--accept-unseen-extensions is given without --ca", "rotate", "--accept-unseen-extensions"),
        Case(64, "--reload-wait and --root are both given", "rotate", "--root", "out", "--reload-wait", "5"),
        Case(64, "--no-canary and --root are both given", "rotate", "--root", "out", "--no-canary"),
        Case(64, "'-1' is invalid for '--soak <seconds>': write whole", "rotate", "--ca", "--soak", "-1"),
        Case(64, "'-1' is invalid for '--soak <seconds>': write whole", "rotate", "--ca", "--soak=-1"),
        Case(64, "'90s' is invalid for '--watch <seconds>': write whole", "rotate", "--ca", "--watch", "90s"),
        Case(64, "'86401' is invalid for '--reload-wait <seconds>'", "rotate", "--reload-wait", "86401"),
        Case(64, "missing value for '--soak <seconds>'", "rotate", "--ca", "--soak"),
        Case(
            64, "'-3d' is invalid for '--renew-before <duration>': write a time", "rotate", "--if-due",
            "--renew-before", "-3d"),
        Case(
            64, "'-3d' is invalid for '--renew-before <duration>': write a time", "schedule", "install",
            "--renew-before", "-3d"),
        Case(64, "'-1' is invalid for '--soak <seconds>'", "schedule", "install", "--soak", "-1"),
        Case(
            64, "'-1' is invalid for '--passphrase-fd <n>': write the number", "init", "--passphrase-fd", "-1"
        ),
        Case(64, "hint: did you mean aggbootstrap init?", "help", "initt"),
        Case(64, "hint: did you mean aggbootstrap spec adopt?", "adopt", "--ssh", "root@192.0.2.1"),
        Case(64, "aggbootstrap spec adopt writes the spec of a cluster that exists", "plan"),
        Case(64, "there is no command \"nope\" of aggbootstrap [usage/no-such-command]", "help", "nope"),
        Case(64, "hint: did you mean aggbootstrap spec validate?", "help", "spec", "vaildate"),
        Case(64, "hint: did you mean aggbootstrap spec validate?", "spec", "vaildate"),
        Case(64, "hint: did you mean aggbootstrap verify?", "verfiy", "--root", "out"),
        Case(64, "--spec and the argument FILE are both given", "spec", "validate", "--spec", "a", "b"),
        Case(65, "bad.json:", "spec", "validate", "--spec", "bad.json"),
        Case(64, "[usage/unknown-node]", "init", "--root", "out", "--spec", "good.json", "--limit", "cp9"),
        Case(
            64, "--limit names cp9, which is not", "init", "--root", "out", "--spec", "good.json", "--limit",
            "cp1,cp9"),
        Case(
            64, "--limit is given an empty name", "init", "--root", "out", "--spec", "good.json", "--limit",
            ""),
        Case(64, "[usage/no-base-unit]", "init", "--root", "out", "--base-unit", "missing.service"),
        Case(65, "[spec/missing]", "init", "--root", "out", "--spec", "missing.json"),
        Case(65, "not a regular file", "init", "--root", "out", "--spec", "directory"),
        Case(65, "not a regular file", "init", "--root", "out", "--spec", "fifo"),
        Case(65, "huge.json", "init", "--root", "out", "--spec", "huge.json"),
        Case(65, "larger.json", "init", "--root", "out", "--spec", "larger.json"),
        Case(65, "binary.json:1:", "init", "--root", "out", "--spec", "binary.json"),
        Case(65, "empty.json:1:", "init", "--root", "out", "--spec", "empty.json"),
        Case(65, "bad.json:", "spec", "validate", "bad.json"),
    ]

    @Test(arguments: cases) func nothingIsChanged(_ test: Case) throws {
        let directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "good.json")
        try directory.write("{\"apiVersion\": \"aggbootstrap/v1\", \"cluster\": 7}", to: "bad.json")
        try directory.write("", to: "empty.json")
        try directory.write("x", to: "directory/file")
        let spaces = String(repeating: " ", count: (1 << 20) + 1)
        try directory.write(threeNodes + spaces, to: "huge.json")
        try directory.write(threeNodes + spaces + spaces, to: "larger.json")
        try Data([0x00, 0xff, 0xfe, 0x7b, 0x80]).write(
            to: URL(fileURLWithPath: directory.file("binary.json")))
        #expect(mkfifo(directory.file("fifo"), 0o600) == 0)
        let before = treeListing(directory.path)
        let result = try aggbootstrap(test.arguments, in: directory)
        #expect(result.status == test.status, "\(result.stdout)\(result.stderr)")
        #expect(result.stderr.contains(test.says), "\(result.stderr)")
        #expect(treeListing(directory.path) == before)
    }

    /// Paths of another kind than what is read there: each is told of in words, with what to do.
    static let otherKinds = [
        Case(64, "cannot read the base unit /dev/null: it is not a regular file", "--base-unit", "/dev/null"),
        Case(64, "[usage/no-base-unit]", "--base-unit", "."),
        Case(64, "Too many levels of symbolic links [usage/no-base-unit]", "--base-unit", "loop"),
        Case(64, "cannot read . of --base-file: it is not a regular file", "--base-file", "/a=."),
        Case(64, "[usage/base-file]", "--base-file", "/a=loop"),
        Case(64, "of --base-file is not UTF-8 [usage/base-file]", "--base-file", "/a=binary"),
        Case(64, "file is not a directory [root/not-a-directory]", "--root", "file"),
        Case(64, "[root/not-a-directory]", "--root", "file/below"),
        Case(64, "/file, which is not a directory [root/not-a-directory]", "--root", "link"),
        Case(64, "/nowhere, which is not a directory [root/not-a-directory]", "--root", "dangling/out"),
        Case(1, "hint: symbolic links there form a loop", "--root", "loop"),
        Case(1, "hint: symbolic links there form a loop", "--state", "loop"),
        Case(1, "[state/not-a-directory]", "--state", "file"),
        Case(1, "trees/cp1 is not a directory [root/not-a-directory]", "--root", "trees"),
        Case(1, "it is not a regular file [node/not-regular]", "--root", "odd"),
        Case(1, "hint: it, or a directory above it, is a file", "--root", "flat"),
    ]

    @Test(arguments: ["plan", "init"], otherKinds) func anotherKindOfFile(command: String, _ test: Case)
        throws
    {
        let directory = try TemporaryDirectory()
        let line = """
            echo x >file; ln -s file link; ln -s nowhere dangling; ln -s loop loop; printf '\\377' >binary
            mkdir -p trees; echo x >trees/cp1; mkdir -p flat/cp1/etc/systemd; echo x >flat/cp1/etc/systemd/system
            mkdir -p odd/cp1/etc/systemd/system/kube-apiserver.service
            """
        #expect(try shell(line, in: directory).status == 0)
        let before = treeListing(directory.path)
        let root = test.arguments[0] == "--root" ? [] : ["--root", "out"]
        let result = try aggbootstrap([command] + root + test.arguments, in: directory)
        #expect(result.status == test.status, "\(result.stdout)\(result.stderr)")
        #expect(result.stderr.contains(test.says), "\(result.stderr)")
        #expect(result.stderr.contains("\nhint: "), "\(result.stderr)")
        #expect(treeListing(directory.path) == before)
    }

    /// A misspelt --root would look like control planes of which everything is missing.
    @Test(arguments: [
        "status", "status -o json", "status --spec specs", "verify", "verify --as-request leaf.pem",
        "rotate --yes", "rotate --if-due", "state show",
    ])
    func aRootThatIsMissing(_ command: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "aggbootstrap.json")
        try directory.write(threeNodes, to: "specs/cluster.json")
        let leaf = "openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out leaf.pem -subj /CN=x -days 9"
        #expect(try shell("\(leaf) 2>/dev/null", in: directory).status == 0)
        let before = treeListing(directory.path)
        let words = command.split(separator: " ").map(String.init)
        let result = try aggbootstrap(words + ["--root", "typo/out", "--state", "state"], in: directory)
        #expect(result.status == 64, "\(result.stdout)\(result.stderr)")
        #expect(
            result.stderr.contains("cannot use typo/out of --root: the directory ")
                && result.stderr.contains("/typo does not exist [root/missing]\nhint: correct the path"),
            "\(result.stderr)")
        #expect(treeListing(directory.path) == before)
    }

    @Test(arguments: ["status", "verify"]) func aRootWithoutATree(_ command: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "aggbootstrap.json")
        try directory.write("x", to: "out/other/file")
        let result = try aggbootstrap([command, "--root", "out", "--state", "state"], in: directory)
        #expect(result.status == 64, "\(result.stdout)\(result.stderr)")
        #expect(
            result.stderr.contains("out/cp1 does not exist, and neither does that of another node"),
            "\(result.stderr)")
        // One tree is enough: the others may have to be made yet.
        #expect(try shell("mkdir out/cp2", in: directory).status == 0)
        let some = try aggbootstrap([command, "--root", "out", "--state", "state"], in: directory)
        #expect(!some.stderr.contains("[root/no-tree]"), "\(some.stderr)")
    }

    /// Root may read anything unless it gives up that power.
    @Test func aSpecThatMayNotBeRead() throws {
        let directory = try TemporaryDirectory()
        chmod(try directory.write(threeNodes, to: "cluster.json"), 0)
        let drop = geteuid() == 0 ? "setpriv --bounding-set=-dac_override,-dac_read_search" : "env"
        let result = try shell("\(drop) $A plan --root out --spec cluster.json", in: directory)
        #expect(result.status == 65)
        #expect(
            result.stderr.contains("cannot read the spec cluster.json: Permission denied"), "\(result.stderr)"
        )
    }

    @Test func anotherClustersState() throws {
        let directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "cluster.json")
        #expect(try aggbootstrap(["init", "--root", "out", "--state", "state"], in: directory).status == 0)
        let before = treeListing(directory.path)
        let result = try aggbootstrap(
            ["init", "--spec", "cluster.json", "--root", "other", "--state", "state"], in: directory)
        #expect(result.status == 1)
        #expect(result.stderr.contains("belongs to the cluster demo, not to shanghai [state/other-cluster]"))
        #expect(treeListing(directory.path) == before)
    }

    /// A requestheader CA that this state did not issue is never replaced, and neither is anything else then.
    @Test(arguments: ["certificate", "broken"]) func aForeignCA(kind: String) throws {
        let directory = try TemporaryDirectory()
        let make =
            kind == "broken"
            ? "printf 'not a certificate\\n' >ca.pem"
            : "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -out ca.pem "
                + "-subj '/O=elsewhere/CN=front proxy' -days 9"
        let setUp = try shell(
            "\(make) && mkdir -p out/cp2/etc/kubernetes/ssl && mv ca.pem out/cp2/etc/kubernetes/ssl/aggregator-ca.pem",
            in: directory)
        #expect(setUp.status == 0, "\(setUp.stderr)")
        try directory.write(threeNodes, to: "cluster.json")
        let before = treeListing(directory.path)
        let result = try aggbootstrap(["init", "--spec", "cluster.json", "--root", "out"], in: directory)
        #expect(result.status == 1)
        #expect(result.stderr.contains(kind == "broken" ? "[plan/unreadable-ca]" : "[plan/foreign-ca]"))
        #expect(kind == "broken" || result.stderr.contains("CN=front proxy,O=elsewhere"), "\(result.stderr)")
        #expect(treeListing(directory.path) == before)
    }

    @Test func aRunWhileAnotherHoldsTheLock() throws {
        let directory = try TemporaryDirectory()
        #expect(try aggbootstrap(["init", "--root", "out"], in: directory).status == 0)
        // A change is due, so that the second run would have something to do.
        try FileManager.default.removeItem(
            atPath: directory.file("out/cp1/etc/kubernetes/ssl/aggregator.pem"))
        let line = """
            printf '4711 on elsewhere since yesterday' >out/.state/lock
            flock out/.state/lock $A init --root out
            """
        let before = treeListing(directory.file("out/cp1"))
        let result = try shell(line, in: directory)
        #expect(result.status == 75)
        #expect(result.stderr.contains("locked by 4711 on elsewhere since yesterday"), "\(result.stderr)")
        #expect(treeListing(directory.file("out/cp1")) == before)
        #expect(try aggbootstrap(["init", "--root", "out"], in: directory).status == 0)
    }

    /// A full file system: nothing half-written stays, and with more space the next run completes.
    @Test(arguments: [20, 32, 44]) func aFullFileSystem(kilobytes: Int) throws {
        let directory = try TemporaryDirectory()
        let unshare = geteuid() == 0 ? "unshare -m" : "unshare -rm"
        let line = """
            mkdir out state
            \(unshare) bash -c 'set -e
            mount -t tmpfs -o size=\(kilobytes)k none out
            $A init --root out --state state --spec cluster.json >log 2>&1 && exit 9 || status=$?
            find out state -name "*.aggbootstrap-tmp" -o -name ".unfinished-*" >left
            mount -o remount,size=4m out
            $A init --root out --state state --spec cluster.json >/dev/null
            $A plan --root out --state state --spec cluster.json --detailed-exitcode >/dev/null
            exit $((status + 100))'
            """
        try directory.write(threeNodes, to: "cluster.json")
        let result = try shell(line, in: directory)
        #expect([101, 103].contains(result.status), "\(result.status) \(result.stderr)")
        #expect(try String(contentsOfFile: directory.file("left"), encoding: .utf8) == "")
        let log = try String(contentsOfFile: directory.file("log"), encoding: .utf8)
        #expect(log.contains("No space left on device") && log.contains("hint: free some space"), "\(log)")
    }
}
