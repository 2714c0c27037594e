// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// docs/reference/commands.md says what the program itself says of its commands, and lists every code of its errors and notes;
/// `RECORD_GOLDEN=1` writes it again, and fails. What a code means is written in that page, and kept.
@Suite struct ReferenceTests {
    private struct Dump: Decodable { let command: Command }

    private struct Command: Decodable {
        let commandName: String
        let abstract: String?
        let discussion: String?
        let arguments: [Argument]?
        let subcommands: [Command]?
    }

    private struct Argument: Decodable {
        let kind: String
        let names: [Name]?
        let valueName: String?
        let abstract: String?
        let discussion: String?
        let defaultValue: String?
        let allValues: [String]?
        let isOptional: Bool
        let isRepeating: Bool
        let shouldDisplay: Bool
    }

    private struct Name: Decodable {
        let kind: String
        let name: String
    }

    @Test func theReferenceIsTheHelp() throws {
        let directory = try TemporaryDirectory()
        let dump = try aggbootstrap(["--experimental-dump-help"], in: directory).stdout
        let root = try JSONDecoder().decode(Dump.self, from: Data(dump.utf8)).command
        let head = """
            # Commands

            A test writes this page from the program's own help; `aggbootstrap COMMAND --help` shows the same. The
            [exit statuses](../../README.md#exit-status) are in the README, all [codes](#codes) of errors and notes at the end of this page.

            """
        let text = try ([head] + pages(root, []) + codes()).joined(separator: "\n") + "\n"
        try expectGolden(text, "docs/reference/commands.md")
    }

    @Test func everyCommandHasAnExample() throws {
        let dump = try aggbootstrap(["--experimental-dump-help"], in: TemporaryDirectory()).stdout
        let root = try JSONDecoder().decode(Dump.self, from: Data(dump.utf8)).command
        func check(_ command: Command, _ path: String) {
            let children = (command.subcommands ?? []).filter { $0.commandName != "help" }
            for child in children { check(child, "\(path) \(child.commandName)") }
            guard children.isEmpty else { return }
            let examples = (command.discussion ?? "").components(separatedBy: "Examples:\n")
            #expect(examples.count == 2 && examples[1].contains("\(path)"), "\(path)")
        }
        check(root, "aggbootstrap")
    }

    private static let noMeaning = "(what it means is not written yet)"

    @Test func everyCodeIsExplained() throws {
        let meanings = try ReportedCodes.meanings()
        let codes = try listed()
        for code in codes {
            #expect(
                (meanings[code] ?? Self.noMeaning) != Self.noMeaning, "docs/reference/commands.md: \(code)")
        }
        #expect(codes.count >= 250)
    }

    /// What is found in files has a page of its own.
    private func listed() throws -> [String] {
        try ReportedCodes.inSources().filter { !$0.hasPrefix("lint/") }
    }

    private func codes() throws -> [String] {
        let meanings = try ReportedCodes.meanings()
        let head = """
            # Codes

            Every error and every note of a plan has a code. Codes do not change; the text beside them may.
            [troubleshooting.md](../how-to/troubleshooting.md) says what to do about the common ones. What `verify --offline` finds in files is in
            [findings.md](findings.md).

            | code | meaning |
            |---|---|
            """
        return [head]
            + (try listed().map { "| `\($0)` | \(meanings[$0] ?? Self.noMeaning) |" })
    }

    private func pages(_ command: Command, _ path: [String]) -> [String] {
        let path = path + [command.commandName]
        let children = (command.subcommands ?? []).filter { $0.commandName != "help" }
        var lines: [String] = []
        if path.count > 1 {
            lines += ["## \(path.joined(separator: " "))", "", command.abstract ?? "", ""]
            if let discussion = command.discussion { lines += [discussion, ""] }
            lines += table(command.arguments ?? [])
        }
        return lines + children.flatMap { pages($0, path) }
    }

    private func table(_ arguments: [Argument]) -> [String] {
        let shown = arguments.filter { argument in
            argument.shouldDisplay
                && !(argument.names ?? []).contains { ["help", "version"].contains($0.name) }
        }
        guard !shown.isEmpty else { return [] }
        return ["| | |", "|---|---|"]
            + shown.map { "| \(title($0)) | \(text($0)) |" } + [""]
    }

    private func title(_ argument: Argument) -> String {
        let value = argument.valueName ?? ""
        let names = (argument.names ?? []).map { ($0.kind == "long" ? "--" : "-") + $0.name }.sorted()
        let name = names.isEmpty ? value.uppercased() : names.joined(separator: ", ")
        return "`\(name)\(argument.kind == "option" ? " \(value.uppercased())" : "")`"
            + (argument.isRepeating ? ", repeatable" : "")
    }

    private func text(_ argument: Argument) -> String {
        var parts = [argument.abstract, argument.discussion].compactMap { $0 }
        if let values = argument.allValues, argument.kind == "option" {
            parts.append("One of \(values.map { "`\($0)`" }.joined(separator: ", ")).")
        }
        if let value = argument.defaultValue, argument.kind == "option" {
            parts.append("Default: `\(value)`.")
        }
        return parts.joined(separator: " ").replacing("|", with: "\\|").replacing("\n", with: " ")
    }
}
