// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `verify -o junit|sarif|github|gitlab`: what CI systems read.
@Suite struct CheckFormatTests {
    private let directory: TemporaryDirectory
    /// A name with what XML, Markdown and workflow commands give a meaning.
    private static let spec = "a & b, 100%.json"

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: Self.spec)
        let made = try aggbootstrap(
            ["init", "--spec", Self.spec, "--root", "out", "--state", "state"], in: directory)
        try #require(made.status == 0, "\(made.stderr)")
    }

    private func verify(_ format: String, is status: Int32, _ environment: [String: String] = [:]) throws
        -> String
    {
        let result = try aggbootstrap(
            ["verify", "--spec", Self.spec, "--root", "out", "--state", "state", "-q", "-o", format],
            in: directory, environment: environment)
        #expect(result.status == status, "\(result.stdout)\(result.stderr)")
        return result.stdout
    }

    private func breakANode() throws {
        let changed = try shell("chmod 644 out/cp2/etc/kubernetes/ssl/aggregator-key.pem", in: directory)
        try #require(changed.status == 0)
    }

    /// What Python's XML parser makes of a report: a line for each suite, and one for each failure.
    private func junit(_ document: String) throws -> [String] {
        try directory.write(document, to: "report.xml")
        let script = """
            import xml.etree.ElementTree as tree
            root = tree.parse("report.xml").getroot()
            cases = list(root.iter("testcase"))
            print("all", int(root.get("tests")) == len(cases) and len(cases) > 20)
            for suite in root.iter("testsuite"):
                print("suite", suite.get("name"), suite.get("failures"))
            for case in cases:
                if case.find("failure") is not None:
                    print("failure", case.get("classname"), case.get("name"), case.get("file"))
            """
        let result = try run("/usr/bin/python3", ["-c", script], currentDirectory: directory.path)
        #expect(result.status == 0, "\(result.stderr)")
        return result.stdout.split(separator: "\n").map(String.init)
    }

    @Test func junit() throws {
        #expect(
            try junit(verify("junit", is: 0)) == ["all True", "suite cp1 0", "suite cp2 0", "suite cp3 0"])
        try breakANode()
        #expect(
            try junit(verify("junit", is: 4)) == [
                "all True", "suite cp1 0", "suite cp2 1", "suite cp3 0", "failure cp2 files \(Self.spec)",
            ])
    }

    @Test func sarif() throws {
        try breakANode()
        let value = try JSONSerialization.jsonObject(with: Data(verify("sarif", is: 4).utf8))
        let document = try #require(value as? [String: Any])
        #expect(document["version"] as? String == "2.1.0")
        let run = try #require((document["runs"] as? [[String: Any]])?.first)
        let results = try #require(run["results"] as? [[String: Any]])
        #expect(results.map { $0["ruleId"] as? String } == ["files"])
        let location = try #require((results[0]["locations"] as? [[String: Any]])?.first)
        let physical = try #require(location["physicalLocation"] as? [String: Any])
        #expect(
            (physical["artifactLocation"] as? [String: Any])?["uri"] as? String
                == "a%20%26%20b%2C%20100%25.json")
        let driver = (run["tool"] as? [String: Any])?["driver"] as? [String: Any]
        #expect((driver?["rules"] as? [[String: Any]])?.map { $0["id"] as? String } == ["files"])
    }

    @Test func github() throws {
        try breakANode()
        let text = try verify("github", is: 4, ["GITHUB_STEP_SUMMARY": directory.file("summary.md")])
        let lines = text.split(separator: "\n")
        let errors = lines.filter { $0.hasPrefix("::error ") }
        #expect(errors.count == 1)
        #expect(
            errors.first?.hasPrefix("::error file=a & b%2C 100%25.json,title=cp2 files::/etc/kubernetes/ssl/")
                == true,
            "\(text)")
        #expect(lines.last?.contains(" failed") == true, "\(text)")
        let summary = try String(contentsOfFile: directory.file("summary.md"), encoding: .utf8)
        #expect(summary.contains("| **failed** | cp2 | files |"), "\(summary)")
    }

    @Test func gitlab() throws {
        #expect(try verify("gitlab", is: 0) == "[]\n" || verify("gitlab", is: 0) == "[\n\n]\n")
        try breakANode()
        let value = try JSONSerialization.jsonObject(with: Data(verify("gitlab", is: 4).utf8))
        let issues = try #require(value as? [[String: Any]])
        #expect(issues.map { $0["check_name"] as? String } == ["files"])
        #expect((issues[0]["location"] as? [String: Any])?["path"] as? String == Self.spec)
        #expect((issues[0]["fingerprint"] as? String)?.isEmpty == false)
    }
}
