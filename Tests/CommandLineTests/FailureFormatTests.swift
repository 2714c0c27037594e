// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing
import Values

@testable import Planning
@testable import aggbootstrap

/// `verify -o junit|sarif|gitlab|github` that could not verify: a document with a failure in it, and never an empty file.
@Suite struct FailureFormatTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let status: Int32
        let code: String
        /// The file of the finding, and its line.
        let place: String
        let arguments: String
        var testDescription: String { arguments }

        init(_ status: Int32, _ code: String, _ place: String, _ arguments: String) {
            (self.status, self.code, self.place, self.arguments) = (status, code, place, arguments)
        }
    }

    static let cases = [
        Case(65, "spec/name", "bad.json:3", "verify --spec bad.json"),
        Case(65, "spec/missing", "none.json:1", "verify --spec none.json"),
        Case(64, "root/missing", "good.json:1", "verify --spec good.json --root none"),
        Case(64, "usage/arguments", "aggbootstrap.json:1", "verify --frobnicate"),
        Case(64, "usage/arguments", "aggbootstrap.json:1", "verify --offline out --canary"),
        Case(64, "usage/no-spec", "aggbootstrap.json:1", "verify"),
        Case(64, "usage/no-such-path", "none:1", "verify --offline ./none"),
    ]

    private func verify(
        _ test: Case, _ format: String, _ environment: [String: String] = [:]
    ) throws -> ProgramResult {
        let directory = try TemporaryDirectory()
        try directory.write(
            "{\n  \"apiVersion\": \"aggbootstrap/v1\",\n  \"cluster\": \"Bad\",\n  \"nodes\": []\n}\n",
            to: "bad.json")
        try directory.write(threeNodes, to: "good.json")
        let words = test.arguments.split(separator: " ").map(String.init)
        let result = try aggbootstrap(words + ["-o", format], in: directory, environment: environment)
        #expect(result.status == test.status, "\(result.stderr)")
        #expect(result.stderr.contains("error:"), "people read the other stream: \(result.stderr)")
        return result
    }

    @Test(arguments: cases) func junit(_ test: Case) throws {
        let text = try verify(test, "junit").stdout
        let script = """
            import sys, xml.etree.ElementTree as tree
            root = tree.fromstring(sys.argv[1])
            names = [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None]
            print(names[0], int(root.get("failures")) == len(names))
            """
        let read = try run("/usr/bin/python3", ["-c", script, text])
        #expect(read.stdout == "\(test.code) True\n", "\(text)\(read.stderr)")
    }

    @Test(arguments: cases) func sarif(_ test: Case) throws {
        let text = try verify(test, "sarif").stdout
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let run = try #require((value?["runs"] as? [[String: Any]])?.first, "\(text)")
        let result = try #require((run["results"] as? [[String: Any]])?.first)
        #expect(result["ruleId"] as? String == test.code && result["level"] as? String == "error")
        #expect(text.contains("\"uri\" : \"\(test.place.split(separator: ":")[0])\""), "\(text)")
        #expect(text.contains("\"startLine\" : \(test.place.split(separator: ":")[1])"), "\(text)")
        let invocation = (run["invocations"] as? [[String: Any]])?.first
        #expect(invocation?["executionSuccessful"] as? Bool == false)
        #expect(invocation?["exitCode"] as? Int32 == test.status)
    }

    @Test(arguments: cases) func gitlab(_ test: Case) throws {
        let text = try verify(test, "gitlab").stdout
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]]
        let issue = try #require(value?.first, "\(text)")
        #expect(issue["check_name"] as? String == test.code && issue["severity"] as? String == "critical")
    }

    /// There an error is an annotation already, of which a second one would be a repetition.
    @Test(arguments: cases) func github(_ test: Case) throws {
        let directory = try TemporaryDirectory()
        let summary = directory.file("summary.md")
        let result = try verify(
            test, "github", ["GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": summary])
        #expect(result.stdout.isEmpty && result.stderr.contains("::error"), "\(result.stdout)")
        let text = try String(contentsOfFile: summary, encoding: .utf8)
        #expect(text.contains("| **failed** | aggbootstrap | \(test.code) |"), "\(text)")
        let elsewhere = try verify(test, "github", ["GITHUB_ACTIONS": ""])
        #expect(elsewhere.stdout.contains("title=aggbootstrap \(test.code)::"), "\(elsewhere.stdout)")
    }

    /// Other commands have no such format, and say so in words alone.
    @Test func otherCommands() throws {
        let directory = try TemporaryDirectory()
        let result = try aggbootstrap(["plan", "-o", "junit"], in: directory)
        #expect(result.status == 64 && result.stdout.isEmpty, "\(result.stdout)")
    }

    /// Rules are the same in every run: what one run found is in its results.
    @Test func rulesHaveNothingOfARun() throws {
        let directory = try TemporaryDirectory()
        #expect(try aggbootstrap(["init", "-q", "--root", "some-trees"], in: directory).status == 0)
        let change =
            "rm some-trees/*/etc/kubernetes/ssl/aggregator.pem; chmod 644 some-trees/*/etc/kubernetes/ssl/*"
        #expect(try shell(change, in: directory).status == 0)
        let text = try aggbootstrap(["verify", "--offline", "some-trees", "-o", "sarif"], in: directory)
            .stdout
        let live = try aggbootstrap(["verify", "--root", "some-trees", "-o", "sarif"], in: directory).stdout
        for (document, count) in [(text, 2), (live, 2)] {
            let value = try JSONSerialization.jsonObject(with: Data(document.utf8)) as? [String: Any]
            let run = try #require((value?["runs"] as? [[String: Any]])?.first)
            let driver = (run["tool"] as? [String: Any])?["driver"] as? [String: Any]
            let rules = try #require(driver?["rules"] as? [[String: Any]])
            #expect(rules.count >= count, "\(document)")
            let shown = String(decoding: try JSONSerialization.data(withJSONObject: rules), as: UTF8.self)
            #expect(!shown.contains("some-trees") && !shown.contains("kubernetes\\/ssl"), "\(shown)")
        }
        let rule = FindingText.rule(.missingFile)
        #expect(rule.text.hasPrefix("the file that --FLAG names is not there: "))
    }

    /// Each proof has its words, and they are those of the page.
    @Test func everyProofHasItsRule() throws {
        let page = try String(
            contentsOfFile: "\(ReportedCodes.checkout)/docs/reference/proofs.md", encoding: .utf8)
        let section = try #require(page.components(separatedBy: "## What is proved\n").last)
        let rows = section.components(separatedBy: "\n### ")[0].split(separator: "\n").filter {
            $0.hasPrefix("| `")
        }
        let names = rows.flatMap { row in
            row.split(separator: "|")[0].matches(of: /`([a-z-]+)`/).map { String($0.1) }
        }
        #expect(Set(names) == Set(ProofRules.texts.keys))
    }
}
