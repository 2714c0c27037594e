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
        if let path { #expect(result.stderr.contains("cp1: \(path) is in the place of"), "\(result.stderr)") }
    }
}
