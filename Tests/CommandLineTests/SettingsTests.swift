// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Option, variable, spec, default: who wins, and where it is written down.
@Suite struct SettingsTests {
    private static let withState = threeNodes.replacing(
        "\"nodes\"", with: "\"stateDirectory\": \"/srv/spec\",\n  \"nodes\"")

    struct Case: Sendable, CustomTestStringConvertible {
        let variable: String
        let arguments: [String]
        let line: String
        var testDescription: String { line }
    }

    static let cases = [
        Case(
            variable: "/srv/env", arguments: [],
            line: "state: /srv/env ($AGGBOOTSTRAP_STATE, instead of /srv/spec, stateDirectory of the spec)"),
        Case(
            variable: "/srv/env/", arguments: ["--state", "/srv/flag"],
            line: "state: /srv/flag (--state, instead of /srv/env, $AGGBOOTSTRAP_STATE)"),
        Case(
            variable: "", arguments: ["--state", "/srv/flag"],
            line: "state: /srv/flag (--state, instead of /srv/spec, stateDirectory of the spec)"),
        Case(variable: "/srv/spec", arguments: [], line: "state: /srv/spec ($AGGBOOTSTRAP_STATE)"),
    ]

    @Test(arguments: cases) func whoNamesTheState(_ test: Case) throws {
        let directory = try TemporaryDirectory()
        let away =
            "\"address\": \"127.0.0.1\", \"ssh\": { \"configFile\": \"\(directory.file("ssh_config"))\" }"
        try directory.write("Port 1\n", to: "ssh_config")
        try directory.write(
            Self.withState.replacing("\"address\": \"10.0.0.1\"", with: away), to: "cluster.json")
        let result = try aggbootstrap(
            ["plan", "--spec", "cluster.json", "--verbose", "--limit", "cp1"] + test.arguments, in: directory,
            environment: ["AGGBOOTSTRAP_STATE": test.variable])
        #expect(
            result.stderr.split(separator: "\n").contains { $0.hasSuffix("aggbootstrap: \(test.line)") },
            "\(result.stderr)")
        let offline = try aggbootstrap(
            ["plan", "--spec", "cluster.json", "--root", "out"] + test.arguments, in: directory,
            environment: ["AGGBOOTSTRAP_STATE": test.variable])
        // Offline it is the tree's own state that is overridden.
        let wanted = test.arguments.isEmpty && !test.variable.isEmpty
        #expect(
            offline.stdout.contains(
                "note: the state directory is \(test.variable), from $AGGBOOTSTRAP_STATE, instead of out/.state "
                    + "(below --root)") == wanted, "\(offline.stdout)")
    }

    @Test func whoNamesTheSpec() throws {
        let directory = try TemporaryDirectory()
        for name in ["aggbootstrap.json", "other.json"] { try directory.write(threeNodes, to: name) }
        func origin(_ arguments: [String], _ variable: String) throws -> String {
            let result = try aggbootstrap(
                ["plan", "--root", "out", "-v"] + arguments, in: directory,
                environment: ["AGGBOOTSTRAP_SPEC": variable])
            #expect(result.status == 0, "\(result.stderr)")
            let line = result.stderr.split(separator: "\n").first { $0.contains("spec: ") }
            return String(line?.split(separator: "spec: ", maxSplits: 1).last ?? "")
        }
        #expect(try origin([], "") == "./aggbootstrap.json (found there)")
        #expect(
            try origin([], "other.json")
                == "other.json ($AGGBOOTSTRAP_SPEC, instead of ./aggbootstrap.json)")
        #expect(
            try origin(["--spec", "other.json"], "x.json")
                == "other.json (--spec, instead of $AGGBOOTSTRAP_SPEC, x.json)")
    }

    /// docs/reference/settings.md has every variable that the program or its build looks at.
    @Test func everyVariableIsWrittenDown() throws {
        let checkout = #filePath.components(separatedBy: "/Tests/")[0]
        let page = try String(contentsOfFile: "\(checkout)/docs/reference/settings.md", encoding: .utf8)
        let found = try run(
            "bash",
            [
                "-c",
                "grep -rhoE '(environment|setting)\\(\"[A-Z_]+\"|AGGBOOTSTRAP_(SPEC|STATE|[A-Z_]*FILE|COMMIT|LIB[A-Z]+|WARNINGS)' "
                    + "Sources Package.swift Makefile | grep -oE '[A-Z_]{4,}' | sort -u",
            ], currentDirectory: checkout
        ).stdout.split(separator: "\n").map(String.init)
        #expect(found.count >= 10 && found.contains("AGGBOOTSTRAP_STATE"), "\(found)")
        for name in found { #expect(page.contains("`\(name)") || page.contains("$\(name)"), "\(name)") }
    }
}
