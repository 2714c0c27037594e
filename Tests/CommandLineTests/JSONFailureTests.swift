// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// With `-o json` a program that reads the standard output gets one document, however the command ends.
@Suite struct JSONFailureTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let status: Int
        let code: String
        let arguments: [String]
        var testDescription: String { arguments.joined(separator: " ") }

        init(_ status: Int, _ code: String, _ arguments: String...) {
            (self.status, self.code, self.arguments) = (status, code, arguments)
        }
    }

    static let cases = [
        Case(65, "spec/invalid", "plan", "--spec", "bad.json", "-o", "json"),
        Case(65, "spec/invalid", "init", "--spec", "bad.json", "--root", "out", "-o", "json"),
        Case(65, "spec/invalid", "verify", "--spec", "bad.json", "--output", "json"),
        Case(65, "spec/invalid", "rollback", "--spec", "bad.json", "--output=json"),
        Case(65, "spec/invalid", "rotate", "--spec", "bad.json", "-o", "json"),
        Case(65, "spec/invalid", "rotate", "--ca", "--spec", "bad.json", "-o", "json"),
        Case(65, "spec/invalid", "spec", "validate", "--spec", "bad.json", "-o", "json"),
        Case(65, "spec/invalid", "schedule", "show", "--spec", "bad.json", "-o", "json"),
        Case(65, "spec/invalid", "schedule", "install", "--dry-run", "--spec", "bad.json", "-o", "json"),
        Case(65, "spec/missing", "plan", "--spec", "missing.json", "-o", "json"),
        Case(64, "usage/no-spec", "plan", "-o", "json"),
        Case(64, "usage/arguments", "plan", "--frobnicate", "-o", "json"),
        Case(64, "usage/arguments", "rotate", "--soak", "5", "--output=json"),
        Case(64, "usage/no-such-command", "paln", "-o", "json"),
    ]

    @Test(arguments: cases) func aFailureIsADocument(_ test: Case) throws {
        let directory = try TemporaryDirectory()
        try directory.write(
            "{\n  \"apiVersion\": \"aggbootstrap/v1\",\n  \"cluster\": \"Bad\",\n  \"nodes\": [],\n  \"noodles\": []\n}\n",
            to: "bad.json")
        let result = try aggbootstrap(test.arguments, in: directory)
        #expect(Int(result.status) == test.status, "\(result.stderr)")
        let document = try parsed(result.stdout)
        let error = try #require(document["error"] as? [String: Any], "\(result.stdout)")
        #expect(error["code"] as? String == test.code)
        #expect(error["exitStatus"] as? Int == test.status)
        #expect(!(error["message"] as? String ?? "").isEmpty)
        #expect(error["hint"] is String)
        #expect(document["schemaVersion"] is Int)
        let problems = try #require(error["problems"] as? [[String: Any]])
        #expect(problems.isEmpty == (test.code != "spec/invalid"))
        if let first = problems.first {
            #expect(first["file"] as? String == "bad.json" && first["line"] as? Int == 3)
            #expect(first["code"] as? String == "spec/name" && first["path"] as? String == "cluster")
        }
        // People read the other stream.
        #expect(result.stderr.contains("error:"))
    }

    /// What the command had to show stands beside the error, in one document.
    @Test(arguments: ["init", "plan", "rotate"]) func aRefusedPlanHasTheErrorInIt(command: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "cluster.json")
        let setUp = """
            $A init --spec cluster.json --root out --state state >/dev/null 2>&1
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -subj /CN=other \
                -out out/cp2/etc/kubernetes/ssl/aggregator-ca.pem -days 9 2>/dev/null
            """
        #expect(try shell(setUp, in: directory).status == 0)
        let result = try aggbootstrap(
            [command, "--spec", "cluster.json", "--root", "out", "--state", "state", "-o", "json"],
            in: directory)
        #expect(result.status == 1, "\(result.stderr)")
        let document = try parsed(result.stdout)
        #expect((document["error"] as? [String: Any])?["code"] as? String == "plan/foreign-ca")
        #expect((document["refusals"] as? [[String: Any]])?.first?["code"] as? String == "plan/foreign-ca")
        #expect(document["cluster"] as? String == "shanghai")
    }

    private func parsed(_ text: String) throws -> [String: Any] {
        let value = try? JSONSerialization.jsonObject(with: Data(text.utf8))
        return try #require(value as? [String: Any], "no document: \(text)")
    }
}
