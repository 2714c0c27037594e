// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemdUnits
import TestSupport
import Testing

/// What is given of a unit offline, with `--base-unit` and `--base-file`.
@Suite struct BaseFileTests {
    private static let unit =
        "[Service]\nEnvironmentFile=-/etc/kubernetes/apiserver\nExecStart=/usr/bin/kube-apiserver $KUBE_API_ARGS\n"
    private static let file = "# ours\nTOKEN=s3cret\nKUBE_API_ARGS=\"--authorization-mode=RBAC --v=2\"\n"

    private static func directory(inFile: Bool) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let members = """
            "apiServer": { "flagsIn": "environmentFile",
              "environmentFile": { "path": "/etc/kubernetes/apiserver", "variable": "KUBE_API_ARGS" } },
            """
        let spec = inFile ? threeNodes.replacing("\"nodes\"", with: "\(members)\n  \"nodes\"") : threeNodes
        try directory.write(spec, to: "cluster.json")
        try directory.write(unit, to: "kube-apiserver.service")
        chmod(try directory.write(file, to: "apiserver"), 0o640)
        return directory
    }

    private static let arguments = [
        "init", "--spec", "cluster.json", "--root", "out", "--state", "state", "--base-unit",
        "kube-apiserver.service",
    ]

    /// The node's other arguments must not be lost, so that a file that nobody has shown is refused, and the hint works.
    @Test(arguments: [true, false]) func aFileThatWasNotGiven(inFile: Bool) throws {
        let directory = try Self.directory(inFile: inFile)
        let refused = try aggbootstrap(Self.arguments, in: directory)
        #expect(refused.status == 1 && refused.stderr.contains("[plan/unseen-variable]"), "\(refused.stderr)")
        #expect(refused.stderr.contains("copy it from the node to out/cp1/etc/kubernetes/apiserver"))
        #expect(!FileManager.default.fileExists(atPath: directory.file("out/cp1/etc")))

        let path = "out/cp1/etc/kubernetes/apiserver"
        for node in ["cp1", "cp2", "cp3"] {
            try directory.write(Self.file, to: "out/\(node)/etc/kubernetes/apiserver")
        }
        let done = try aggbootstrap(Self.arguments, in: directory)
        #expect(done.status == 0, "\(done.stderr)")
        let text = try String(contentsOfFile: directory.file(path), encoding: .utf8)
        #expect(text.contains("--v=2 --requestheader") == inFile)
        #expect(text.contains("--authorization-mode=RBAC") && text.contains("TOKEN=s3cret"))
    }

    @Test func aFileThatIsGiven() throws {
        let directory = try Self.directory(inFile: true)
        let arguments = Self.arguments + ["--base-file", "/etc/kubernetes/apiserver=apiserver"]
        let done = try aggbootstrap(arguments, in: directory)
        #expect(done.status == 0, "\(done.stderr)")
        #expect(!done.stdout.contains("s3cret"), "\(done.stdout)")
        for node in ["cp1", "cp3"] {
            let path = directory.file("out/\(node)/etc/kubernetes/apiserver")
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(
                text.hasPrefix("# ours\nTOKEN=s3cret\nKUBE_API_ARGS=\"--authorization-mode=RBAC --v=2 --requ")
            )
            #expect(fileMode(path) == "640")
        }
        let again = try aggbootstrap(arguments, in: directory)
        #expect(
            again.status == 0 && again.stdout.contains("nothing to change"), "\(again.stdout)\(again.stderr)")
    }

    /// What a run before wrote into the tree is kept, but no newer file is left out for it without a word.
    @Test func aFileThatIsNewerThanTheTrees() throws {
        let directory = try Self.directory(inFile: true)
        let given = ["--base-file", "/etc/kubernetes/apiserver=apiserver"]
        #expect(try aggbootstrap(Self.arguments + given, in: directory).status == 0)
        let spec = try String(contentsOfFile: directory.file("cluster.json"), encoding: .utf8)
        try directory.write(
            spec.replacing("\"flagsIn\"", with: "\"aggregatorRouting\": true, \"flagsIn\""),
            to: "cluster.json")
        // With other flags of ours it is still the file that was given.
        let again = try aggbootstrap(Self.arguments + given, in: directory)
        #expect(again.status == 0, "\(again.stderr)")
        let path = "out/cp1/etc/kubernetes/apiserver"
        func text() throws -> String { try String(contentsOfFile: directory.file(path), encoding: .utf8) }
        #expect(try text().contains("--enable-aggregator-routing=true"))

        try directory.write(Self.file.replacing("--v=2", with: "--v=4"), to: "apiserver")
        let before = treeListing(directory.path)
        let refused = try aggbootstrap(Self.arguments + given, in: directory)
        #expect(
            refused.status == 64 && refused.stderr.contains("[usage/base-file-differs]"), "\(refused.stderr)")
        #expect(refused.stderr.contains("\(path) and apiserver of --base-file differ"), "\(refused.stderr)")
        #expect(refused.stderr.contains("hint: remove \(path) to"), "\(refused.stderr)")
        #expect(!refused.stderr.contains("s3cret"), "\(refused.stderr)")
        #expect(treeListing(directory.path) == before)

        let without = try aggbootstrap(Self.arguments, in: directory)
        #expect(without.status == 0 && without.stdout.contains("nothing to change"), "\(without)")
        #expect(try shell("rm out/cp?/etc/kubernetes/apiserver", in: directory).status == 0)
        let merged = try aggbootstrap(Self.arguments + given, in: directory)
        #expect(merged.status == 0, "\(merged.stderr)")
        #expect(try text().contains("--v=4 --requestheader"))
    }

    /// A unit of the tree and another one that was given: one of them would not be what the flags are merged into.
    @Test(arguments: ["etc/systemd/system", "usr/lib/systemd/system"])
    func aUnitBesideTheTrees(place: String) throws {
        let directory = try Self.directory(inFile: false)
        let path = "out/cp1/\(place)/kube-apiserver.service"
        let plain = "[Service]\nExecStart=/usr/bin/kube-apiserver --v=2\n"
        try directory.write(plain, to: "kube-apiserver.service")
        try directory.write(plain, to: path)
        let same = try aggbootstrap(Self.arguments, in: directory)
        #expect(same.status == 0, "\(same.stderr)")

        try directory.write(plain.replacing("--v=2", with: "--v=4"), to: "kube-apiserver.service")
        let before = treeListing(directory.path)
        let refused = try aggbootstrap(Self.arguments, in: directory)
        #expect(
            refused.status == 64 && refused.stderr.contains("[usage/base-unit-differs]"), "\(refused.stderr)")
        #expect(
            refused.stderr.contains("\(path) and kube-apiserver.service of --base-unit differ"),
            "\(refused.stderr)")
        #expect(refused.stderr.contains("hint: remove \(path) to use"), "\(refused.stderr)")
        #expect(treeListing(directory.path) == before)

        let without = try aggbootstrap(Self.arguments.dropLast(2) + ["--limit", "cp1"], in: directory)
        #expect(without.status == 0 && without.stdout.contains("nothing to change"), "\(without)")
        #expect(try shell("rm \(path)", in: directory).status == 0)
        let done = try aggbootstrap(Self.arguments, in: directory)
        #expect(done.status == 0, "\(done.stderr)")
        let dropIn = directory.file("out/cp1/etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf")
        #expect(try String(contentsOfFile: dropIn, encoding: .utf8).contains("--v=4"))
    }

    /// The embedded unit is for trees without one, and the whole unit that a run writes is none that was given.
    @Test func unitsThatAreNotCompared() throws {
        let directory = try Self.directory(inFile: false)
        let plain = "[Service]\nExecStart=/usr/bin/kube-apiserver --v=2\n"
        try directory.write(plain, to: "embedded/cp1/etc/systemd/system/kube-apiserver.service")
        let embedded = try aggbootstrap(["init", "--root", "embedded", "--state", "other"], in: directory)
        #expect(embedded.status == 0, "\(embedded.stderr)")

        let members = "\"apiServer\": { \"flagsIn\": \"unit\", \"flags\": [\"--v=2\"] },\n  \"nodes\""
        try directory.write(threeNodes.replacing("\"nodes\"", with: members), to: "cluster.json")
        #expect(try aggbootstrap(Self.arguments, in: directory).status == 0)
        let again = try aggbootstrap(Self.arguments, in: directory)
        #expect(again.status == 0 && again.stdout.contains("nothing to change"), "\(again)")
    }

    /// A template's file does not bear the name of its instance.
    @Test(arguments: [true, false]) func theEnvironmentFileOfAnInstance(inFile: Bool) throws {
        let directory = try TemporaryDirectory()
        let target =
            inFile
            ? ", \"flagsIn\": \"environmentFile\", \"environmentFile\": { \"path\": \"/etc/k/a.env\", \"variable\": \"ARGS\" }"
            : ""
        let members = "\"apiServer\": { \"unit\": \"kube-apiserver@a.service\"\(target) },\n  \"nodes\""
        try directory.write(threeNodes.replacing("\"nodes\"", with: members), to: "cluster.json")
        let unit = "[Service]\nEnvironmentFile=/etc/k/%i.env\nExecStart=/usr/bin/kube-apiserver $ARGS\n"
        try directory.write(unit, to: "out/cp1/usr/lib/systemd/system/kube-apiserver@.service")
        let file = try directory.write("ARGS=\"--v=2\"\n", to: "out/cp1/etc/k/a.env")
        let arguments = [
            "init", "--spec", "cluster.json", "--root", "out", "--state", "state", "--limit", "cp1",
        ]
        let done = try aggbootstrap(arguments, in: directory)
        #expect(done.status == 0, "\(done.stderr)")
        #expect(try String(contentsOfFile: file, encoding: .utf8).contains("--v=2 --requestheader") == inFile)
        let again = try aggbootstrap(arguments, in: directory)
        #expect(again.status == 0 && again.stdout.contains("nothing to change"), "\(again)")
    }

    /// Files are kept by their names, and these two would be one.
    @Test func filesWhoseNamesLookTheSame() throws {
        let directory = try Self.directory(inFile: false)
        let names = ["/etc/caf\u{e9}", "/etc/cafe\u{301}"]
        let lines = names.map { "EnvironmentFile=-\($0)\n" }.joined()
        try directory.write(
            "[Service]\n\(lines)ExecStart=/usr/bin/kube-apiserver --v=2\n", to: "kube-apiserver.service")
        let before = treeListing(directory.path)
        let result = try aggbootstrap(Self.arguments, in: directory)
        #expect(result.status == 1 && result.stderr.contains("[unit/equivalent-names]"), "\(result.stderr)")
        #expect(result.stderr.contains("hint: they differ in how an accent is written"), "\(result.stderr)")
        #expect(treeListing(directory.path) == before)
    }

    static let refusals: [([String], String)] = [
        (["--base-file", "/etc/kubernetes/apiserver"], "is not PATH=FILE"),
        (["--base-file", "=apiserver"], "not an absolute path"),
        (["--base-file", "/etc/kubernetes/apiserver="], "is not PATH=FILE"),
        (["--base-file", "etc/x=apiserver"], "etc/x is not an absolute path"),
        (["--base-file", "/etc/x=missing"], "cannot read missing of --base-file"),
        (["--base-file", "/etc/x=apiserver"], "names /etc/x, which kube-apiserver.service does not read"),
        (["--base-file", "/a=apiserver", "--base-file", "/a=apiserver"], "gives /a twice"),
    ]

    @Test(arguments: refusals) func refuses(more: [String], says: String) throws {
        let directory = try Self.directory(inFile: false)
        let result = try aggbootstrap(Self.arguments + more, in: directory)
        #expect(result.status == 64 && result.stderr.contains("[usage/base-file]"), "\(result.stderr)")
        #expect(result.stderr.contains(says), "\(result.stderr)")
        #expect(!FileManager.default.fileExists(atPath: directory.file("state")))
    }

    @Test func onlyOffline() throws {
        let directory = try Self.directory(inFile: false)
        let result = try aggbootstrap(
            ["plan", "--spec", "cluster.json", "--base-file", "/etc/kubernetes/apiserver=apiserver"],
            in: directory)
        #expect(result.status == 64 && result.stderr.contains("without --root"), "\(result.stderr)")
    }

    /// The drop-in would go to a unit that the nodes do not have.
    @Test func aBaseUnitOfAnotherName() throws {
        let directory = try Self.directory(inFile: false)
        try directory.write("[Service]\nExecStart=/usr/bin/kube-apiserver\n", to: "k8s-api-server.service")
        let arguments = ["init", "--root", "out", "--base-unit", "k8s-api-server.service", "--spec"]
        let refused = try aggbootstrap(arguments + ["cluster.json"], in: directory)
        #expect(
            refused.status == 64 && refused.stderr.contains("[usage/base-unit-name]"), "\(refused.stderr)")
        #expect(
            refused.stderr.contains("set apiServer.unit to \"k8s-api-server.service\""), "\(refused.stderr)")
        let member = "\"apiServer\": { \"unit\": \"k8s-api-server.service\" }, \"nodes\""
        try directory.write(threeNodes.replacing("\"nodes\"", with: member), to: "named.json")
        let done = try aggbootstrap(arguments + ["named.json"], in: directory)
        #expect(done.status == 0, "\(done.stderr)")
        #expect(
            FileManager.default.fileExists(
                atPath: directory.file(
                    "out/cp1/etc/systemd/system/k8s-api-server.service.d/zz-aggregation.conf")))
    }

    /// A relative path is below the unit's working directory; one out of a variable that is not known names nothing.
    @Test(
        arguments: [
            ("--requestheader-client-ca-file=front.pem", "WorkingDirectory=/etc/k\n", "/etc/k/front.pem"),
            ("--requestheader-client-ca-file=front.pem", "", "/front.pem"),
            ("--requestheader-client-ca-file=${CA_FILE}", "EnvironmentFile=/etc/k.env\n", nil),
        ] as [(String, String, String?)])
    func aCAThatIsNotNamedByAnAbsolutePath(flag: String, setting: String, path: String?) throws {
        let directory = try Self.directory(inFile: false)
        let unit = "[Service]\n\(setting)ExecStart=/usr/bin/kube-apiserver \(flag)\n"
        try directory.write(unit, to: "kube-apiserver.service")
        if let path { try directory.write("rubbish", to: "out/cp1\(path)") }
        let result = try aggbootstrap(Self.arguments, in: directory)
        #expect((result.status == 0) == (path == nil), "\(result.stderr)")
        if let path { #expect(result.stderr.contains("cp1: \(path) is the file of"), "\(result.stderr)") }
    }
}
