// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `verify --root`: what the files of a tree give kube-apiserver counts, not what the spec would write.
@Suite struct RootVerifyTests {
    private static let unit = """
        [Service]
        ExecStart=/usr/local/bin/kube-apiserver --secure-port=6443
        """
    private static let variableUnit = """
        [Service]
        EnvironmentFile=/etc/kubernetes/api.env
        ExecStart=/usr/local/bin/kube-apiserver $ARGS
        """

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Members of `apiServer`.
        var apiServer = ""
        /// The files of the tree, by path, before `init`.
        var files: [String: String] = [:]
        /// The file that `init` writes the flags into.
        let written: String
    }

    private static let cases = [
        Case(
            testDescription: "a drop-in for a unit that is not known",
            written: "/etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf"),
        Case(
            testDescription: "a drop-in with the unit's command",
            files: ["/etc/systemd/system/kube-apiserver.service": unit],
            written: "/etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf"),
        Case(
            testDescription: "a whole unit", apiServer: #""flags": ["--secure-port=6443"]"#,
            written: "/etc/systemd/system/kube-apiserver.service"),
        Case(
            testDescription: "an environment file",
            apiServer:
                #""flagsIn": "environmentFile", "environmentFile": {"path": "/etc/kubernetes/api.env", "variable": "ARGS"}"#,
            files: [
                "/etc/systemd/system/kube-apiserver.service": variableUnit,
                "/etc/kubernetes/api.env": "ARGS=\"--secure-port=6443\"\n",
            ], written: "/etc/kubernetes/api.env"),
    ]

    private func tree(_ given: Case) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        for (path, text) in given.files {
            try FileManager.default.createDirectory(
                atPath: "\(directory.path)/out/cp1\((path as NSString).deletingLastPathComponent)",
                withIntermediateDirectories: true)
            _ = try directory.write(text, to: "out/cp1\(path)")
        }
        _ = try directory.write(
            """
            {"apiVersion": "aggbootstrap/v1", "cluster": "lab", "apiServer": {\(given.apiServer)},
             "nodes": [{"name": "cp1", "address": "192.0.2.1"}]}
            """, to: "cluster.json")
        let made = try aggbootstrap(Self.command("init"), in: directory)
        try #require(made.status == 0, "\(made.stdout)\(made.stderr)")
        return directory
    }

    private static func command(_ name: String) -> [String] {
        [name, "--spec", "cluster.json", "--root", "out"]
    }

    @Test(arguments: cases)
    func theFilesCount(given: Case) throws {
        let directory = try tree(given)
        let clean = try aggbootstrap(Self.command("verify"), in: directory)
        #expect(
            clean.status == 0 && clean.stdout.contains("flags-file     \(given.written)"), "\(clean.stdout)")

        let file = "out/cp1\(given.written)"
        for (edit, name, isAllowed) in [
            ("s/names=aggregator/names=other/", "requestheader-allowed-names", false),
            ("s/group-headers=X-Remote-Group/group-headers=X-Other/", "requestheader-group-headers", true),
            ("s/--proxy-client-key-file=[^ \"]*//", "proxy-client-key-file", true),
        ] {
            let edited = try shell(
                "cp \(file) kept && sed -i '\(edit)' \(file) && ! cmp -s kept \(file)", in: directory)
            try #require(edited.status == 0)
            let result = try aggbootstrap(Self.command("verify"), in: directory)
            #expect(result.status == 4, "\(edit): \(result.stdout)")
            #expect(
                result.stdout.contains(
                    "flags-file     the files of kube-apiserver.service differ from the spec in --\(name)\n"),
                "\(edit): \(result.stdout)")
            #expect(
                result.stdout.contains("aggregator is in --requestheader-allowed-names") == isAllowed,
                "\(edit): \(result.stdout)")
            _ = try shell("cp kept \(file)", in: directory)
        }
    }
}
