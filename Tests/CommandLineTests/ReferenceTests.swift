// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// docs/reference.md says what the program itself says of its commands; `RECORD_GOLDEN=1` writes it anew, and fails.
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
            [exit statuses](../README.md#exit-status) are in the README, common error codes in [troubleshooting.md](troubleshooting.md).

            """
        try expectGolden(([head] + pages(root, [])).joined(separator: "\n"), "docs/reference.md")
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
