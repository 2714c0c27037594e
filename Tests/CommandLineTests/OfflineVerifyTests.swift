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

    @Test func theEmbeddedTreeIsClean() throws {
        let directory = try tree()
        for path in ["out", "out/cp1", "out/cp1/"] {
            let result = try aggbootstrap(["verify", "--offline", path, "--strict"], in: directory)
            #expect(result.status == 0 && result.stderr.isEmpty, "\(result.stderr)")
            #expect(result.stdout == "ok: nothing found in 1 set-up (4 files)\n")
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
        "verify --offline out --require-proof", "verify --offline out --kubernetes-version v1.33",
    ])
    func wrongUsage(_ line: String) throws {
        let directory = try tree()
        _ = try shell("mkdir empty", in: directory)
        let result = try aggbootstrap(line.split(separator: " ").map(String.init), in: directory)
        #expect(result.status == 64, "\(result.stdout)\(result.stderr)")
        #expect(result.stderr.contains("error: ") && result.stdout.isEmpty)
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
