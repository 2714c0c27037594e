// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `verify --offline` as a CI job runs it.
@Suite struct OfflineVerifyTests {
    private func tree() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let made = try aggbootstrap(["init", "--root", "out"], in: directory)
        try #require(made.status == 0, "\(made.stderr)")
        return directory
    }

    /// `init` writes no client CA, so its tree has none.
    private static let noClientCA =
        "not judged: the client CA, as /etc/kubernetes/ssl/ca.pem of --client-ca-file is not in the tree"

    @Test func theEmbeddedTreeIsClean() throws {
        let directory = try tree()
        for path in ["out", "out/cp1", "out/cp1/"] {
            let result = try aggbootstrap(["verify", "--offline", path, "--strict"], in: directory)
            #expect(result.status == 0 && result.stderr.isEmpty, "\(result.stderr)")
            #expect(result.stdout == "\(Self.noClientCA)\nok: nothing found in 1 set-up (4 files)\n")
        }
    }

    @Test func anErrorIsToldWithItsPlace() throws {
        let directory = try tree()
        _ = try shell(
            "sed -i s/names=aggregator/names=other/ out/cp1/etc/systemd/system/*.d/*.conf", in: directory)
        let result = try aggbootstrap(["verify", "--offline", "out"], in: directory)
        #expect(result.status == 4)
        #expect(
            result.stdout == """
                  error: out/cp1/etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf:21: the common name of the proxy \
                client certificate, aggregator, is not in --requestheader-allowed-names=other [lint/name-not-allowed]
                      then: kube-apiserver and extension API servers answer 401 to requests with this certificate
                      fix:  add aggregator to --requestheader-allowed-names, exactly as in the certificate, or issue a certificate \
                with an allowed name

                \(Self.noClientCA)
                failed: 1 error in 1 set-up (4 files) (status 4)

                """)
        let document = try aggbootstrap(["verify", "--offline", "out", "-o", "json"], in: directory)
        #expect(document.status == 4)
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(document.stdout.utf8)) as? [String: Any])
        #expect(json["schemaVersion"] as? Int == 2 && json["errors"] as? Int == 1)
        #expect(
            json["warnings"] as? Int == 0 && json["exitStatus"] as? Int == 4 && json["setUps"] as? Int == 1)
        let findings = try #require(json["findings"] as? [[String: Any]])
        #expect(findings.count == 1 && findings[0]["code"] as? String == "lint/name-not-allowed")
        #expect(findings[0]["line"] as? Int == 21 && findings[0]["severity"] as? String == "error")
        #expect((findings[0]["effect"] as? String)?.contains("401") == true)
    }

    @Test func warningsCountWithStrict() throws {
        let directory = try tree()
        _ = try shell("chmod 640 out/cp1/etc/kubernetes/ssl/aggregator-key.pem", in: directory)
        let plain = try aggbootstrap(["verify", "--offline", "out"], in: directory)
        #expect(plain.status == 0)
        #expect(plain.stdout.hasSuffix("\nok: no errors, 1 warning in 1 set-up (4 files)\n"))
        let strict = try aggbootstrap(["verify", "--offline", "out", "--strict"], in: directory)
        #expect(strict.status == 4)
        #expect(
            strict.stdout.hasSuffix(
                "\nfailed: 1 warning in 1 set-up (4 files), and --strict is given (status 4)\n"))
        // What ends within a time is a warning too.
        let early = try aggbootstrap(
            ["verify", "--offline", "out", "--warn-before", "2y", "--strict"], in: directory)
        #expect(early.status == 4 && early.stdout.contains("[lint/ends-soon]"))
    }

    @Test(arguments: [
        "verify --offline", "verify --offline nowhere", "verify --offline empty", "verify --strict",
        "verify --kubernetes-version 1.33", "verify --offline out --canary",
        "verify --offline out --spec x.json",
        "verify --offline out --require-proof", "verify --offline out --kubernetes-version one",
    ])
    func wrongUsage(_ line: String) throws {
        let directory = try tree()
        _ = try shell("mkdir empty", in: directory)
        let result = try aggbootstrap(line.split(separator: " ").map(String.init), in: directory)
        #expect(result.status == 64, "\(result.stdout)\(result.stderr)")
        #expect(result.stderr.contains("error: ") && result.stdout.isEmpty)
    }

    /// `init --root` writes for a unit that is not in the tree: it is told, and no error.
    @Test func aTreeThatWaitsForItsUnit() throws {
        let directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "cluster.json")
        let common = ["--spec", "cluster.json", "--state", "state"]
        let made = try aggbootstrap(["init", "--root", "out"] + common, in: directory)
        try #require(made.status == 0, "\(made.stderr)")
        let waits = try aggbootstrap(["verify", "--offline", "out"], in: directory)
        #expect(waits.status == 0)
        #expect(
            waits.stdout.hasPrefix(
                "cp1, cp2, cp3:\n  warning: out/NODE/etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf:"
            ))
        #expect(
            waits.stdout.contains(
                "these flags have no effect until the unit of kube-apiserver uses $AGGREGATION_FLAGS"))
        #expect(
            waits.stdout.hasSuffix("\n\nok: no errors, 3 warnings in 3 set-ups (12 files)\n"),
            "\(waits.stdout)")
        // With the unit it waits no more.
        try directory.write(
            "[Service]\nExecStart=/usr/bin/kube-apiserver --authorization-mode=RBAC\n",
            to: "kube-apiserver.service")
        let whole = try aggbootstrap(
            ["init", "--root", "whole", "--base-unit", "kube-apiserver.service"] + common, in: directory)
        try #require(whole.status == 0, "\(whole.stderr)")
        let clean = try aggbootstrap(["verify", "--offline", "whole", "--strict"], in: directory)
        #expect(clean.stdout == "ok: nothing found in 3 set-ups (12 files)\n", "\(clean.stdout)")
    }

    /// What is wrong alike is said once.
    @Test func alikeNodesAreOneBlock() throws {
        let directory = try tree()
        _ = try shell(
            """
            mkdir many; for i in $(seq 1 9); do cp -a out/cp1 many/n$i; done
            sed -i s/names=aggregator/names=other/ many/*/etc/systemd/system/*.d/*.conf; chmod 644 many/n4/etc/kubernetes/ssl/*-key.pem
            for i in 1 2 3 5 6 7 8 9; do cp many/n$i/etc/kubernetes/ssl/aggregator.pem many/n$i/etc/kubernetes/ssl/n$i.pem; done
            """, in: directory)
        let result = try aggbootstrap(["verify", "--offline", "many"], in: directory)
        let lines = result.stdout.split(separator: "\n").map(String.init)
        #expect(lines.filter { $0.hasSuffix(":") } == ["n1, n2, n3 and 5 more:", "n4:"], "\(result.stdout)")
        #expect(lines.count { $0.contains("[lint/name-not-allowed]") } == 2)
        #expect(lines.contains { $0.hasPrefix("  error: many/NODE/etc/systemd/system/") })
        #expect(lines.contains { $0.hasPrefix("  error: many/n4/etc/kubernetes/ssl/aggregator-key.pem: ") })
        #expect(lines.last == "failed: 10 errors in 9 set-ups (36 files) (status 4)")
        // For a program each node has its own.
        let json = try aggbootstrap(["verify", "--offline", "many", "-o", "json"], in: directory)
        #expect(json.stdout.components(separatedBy: "\"lint/name-not-allowed\"").count == 10)
        // A node's name in what is said of it makes no difference.
        let named = """
            for i in 1 2 3; do sed -i "s/names=[a-z]*/names=api.n$i/" many/n$i/etc/systemd/system/*.d/*.conf; done
            """
        _ = try shell(named, in: directory)
        let others = try aggbootstrap(["verify", "--offline", "many"], in: directory).stdout
        #expect(
            others.contains("n1, n2, n3:\n") && others.contains("--requestheader-allowed-names=api.NODE ["),
            "\(others)")
    }

    /// What was not looked at is not "nothing found".
    @Test func aFileThatNothingUsesIsTold() throws {
        let directory = try tree()
        _ = try shell(
            "cp out/cp1/etc/kubernetes/ssl/* .; cp aggregator.pem other.pem; echo A=b >more.env",
            in: directory)
        let arguments = [
            "verify", "--offline", "aggregator.pem", "aggregator-key.pem", "aggregator-ca.pem", "more.env",
        ]
        let result = try aggbootstrap(arguments, in: directory)
        #expect(
            result.stdout
                == "not judged, as nothing here uses it: more.env\nok: nothing found in 1 set-up (3 files)\n")
        // As `nodes/*` names it.
        let tree = try aggbootstrap(["verify", "--offline", "out/cp1", "more.env"], in: directory)
        #expect(
            tree.status == 0
                && tree.stdout.hasSuffix(
                    "more.env\ncp1: \(Self.noClientCA)\nok: nothing found in 1 set-up (4 files)\n")
        )
        let json = try aggbootstrap(arguments + ["-o", "json"], in: directory).stdout
        #expect(json.contains("\"notJudged\" : [\n    \"more.env\"\n  ]"), "\(json)")
        let notice = try aggbootstrap(arguments + ["-o", "github"], in: directory).stdout
        #expect(notice.hasPrefix("::notice file=more.env,title=files files::not judged: "), "\(notice)")
    }

    /// It may be a copy of what lies beside it, or anything else: it is named, and not taken for a key.
    @Test func anArchiveInADirectoryIsTold() throws {
        let directory = try tree()
        _ = try shell(
            """
            mkdir only files; tar -cf only/b.tar out/cp1; tar -czf only/a.tgz out/cp1; tar -cf only/c out/cp1
            cp out/cp1/etc/kubernetes/ssl/* only/b.tar files; cp only/c out
            """, in: directory)
        let only = try aggbootstrap(["verify", "--offline", "only"], in: directory)
        #expect(only.status == 64 && only.stdout.isEmpty, "\(only.stdout)")
        #expect(
            only.stderr.contains("only holds neither a node's tree nor files of a set-up")
                && only.stderr.contains(
                    "hint: an archive in a directory is judged only if it is named itself: --offline only/a.tgz and 2 more"
                ), "\(only.stderr)")
        let named = try aggbootstrap(
            ["verify", "--offline", "only/a.tgz", "only/b.tar", "only/c"], in: directory)
        #expect(named.status == 0 && named.stdout.hasSuffix("in 3 set-ups (12 files)\n"), "\(named)")

        let told = "not judged, as an archive in a directory is judged only if it is named itself: "
        for (paths, archive) in [(["out"], "out/c"), (["files"], "files/b.tar")] {
            let beside = try aggbootstrap(["verify", "--offline"] + paths, in: directory)
            #expect(
                beside.status == 0 && beside.stdout.hasPrefix("\(told)\(archive)\n"), "\(beside.stdout)")
        }
        // One that is named itself is judged once.
        let both = try aggbootstrap(["verify", "--offline", "files", "files/b.tar"], in: directory)
        #expect(
            both.stdout.hasSuffix("in 2 set-ups (7 files)\n") && !both.stdout.contains(told),
            "\(both.stdout)")
        let json = try aggbootstrap(["verify", "--offline", "files", "-o", "json"], in: directory).stdout
        #expect(json.contains("\"notJudged\" : [\n    \"files/b.tar\"\n  ]"), "\(json)")
        let notice = try aggbootstrap(["verify", "--offline", "files", "-o", "github"], in: directory).stdout
        #expect(
            notice.contains(
                "::notice file=files/b.tar,title=files files::not judged: an archive in a directory"),
            "\(notice)")
    }

    @Test func severalPathsAreJudgedTogether() throws {
        let directory = try tree()
        _ = try shell(
            "cp -a out/cp1 two; tar -czf three.tar.gz out/cp1; chmod 644 two/etc/kubernetes/ssl/*-key.pem",
            in: directory)
        let result = try aggbootstrap(["verify", "--offline", "out", "two", "three.tar.gz"], in: directory)
        #expect(result.status == 4 && result.stdout.hasPrefix("two:\n  error: two/etc/kubernetes/ssl/"))
        #expect(
            result.stdout.hasSuffix("failed: 1 error in 3 set-ups (12 files) (status 4)\n"),
            "\(result.stdout)")
    }
}
