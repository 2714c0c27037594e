// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import TestSupport
import Testing
import Values

@testable import aggbootstrap

/// The help of each command in a Chinese session, and what is said of a command line that cannot be used.
@Suite struct ChineseHelpTests {
    private struct Dump: Decodable { let command: Command }

    private struct Command: Decodable {
        let commandName: String
        let subcommands: [Command]?

        /// Its path without the program's name, and those of the commands below it.
        func paths(_ above: [String] = []) -> [[String]] {
            let children = (subcommands ?? []).filter { $0.commandName != "help" }
            return [above] + children.flatMap { $0.paths(above + [$0.commandName]) }
        }
    }

    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func run(_ arguments: [String], chinese: Bool) throws -> ProgramResult {
        let locale = chinese ? "zh_CN.UTF-8" : "C.UTF-8"
        return try aggbootstrap(
            arguments, in: directory, environment: ["LC_ALL": locale, "COLUMNS": "80", "LANGUAGE": ""])
    }

    @Test func everyCommandHasItsHelpInChinese() throws {
        let dump = try run(["--experimental-dump-help"], chinese: true).stdout
        let paths = try JSONDecoder().decode(Dump.self, from: Data(dump.utf8)).command.paths()
        #expect(paths.count > 20)
        for path in paths {
            let help = try run(path + ["--help"], chinese: true)
            #expect(help.status == 0 && help.stderr.isEmpty, "\(path): \(help.stderr)")
            #expect(try run(["help"] + path, chinese: true).stdout == help.stdout, "\(path)")
            #expect(english(in: help.stdout) == [], "\(path)")
            let original = try run(path + ["--help"], chinese: false)
            #expect(options(help.stdout) == options(original.stdout), "\(path)")
            #expect(usage(help.stdout, "用法：") == usage(original.stdout, "USAGE: "), "\(path)")
            let long = lines(help.stdout).filter { columns(of: $0) > 80 && !$0.hasPrefix("  aggbootstrap ") }
            #expect(long.allSatisfy { $0.hasPrefix("用法：") }, "\(long)")
        }
    }

    private func lines(_ text: String) -> [String] { text.components(separatedBy: "\n") }

    /// What is the same in each language.
    private static let commands = ["  aggbootstrap ", "用法：", "bash：source <(aggbootstrap completion bash)"]

    /// Three English words in a row that are no command to be copied and no usage.
    private func english(in help: String) -> [String] {
        lines(help).filter { line in
            line.contains(/[a-z]{2,} [a-z]{2,} [a-z]{2,}/) && !Self.commands.contains(where: line.hasPrefix)
                && !line.contains("aggbootstrap help")
        } + ["OVERVIEW", "USAGE", "OPTIONS", "ARGUMENTS", "default:", "values:"].filter(help.contains)
    }

    /// The arguments that have a line, in order.
    private func options(_ help: String) -> [Substring] {
        lines(help).compactMap { $0.firstMatch(of: /^  (-[^ ]*(?: --[^ ]+)?|<[^ ]*)/)?.1 }
    }

    private func usage(_ help: String, _ title: String) -> String? {
        lines(help).first { $0.hasPrefix(title) }.map { String($0.dropFirst(title.count)) }
    }

    @Test func linesBreakWhereChineseDoes() {
        let help = HelpText(Language.chineseCatalog(), width: 50)
        let text = String(repeating: "让每个节点，", count: 10) + "（requestheader CA）"
        let broken = help.wrapped(text, indent: 8)
        #expect(broken.replacing("\n        ", with: "") == text)
        for line in broken.components(separatedBy: "\n") {
            #expect(columns(of: line) <= 50 && !line.drop { $0 == " " }.hasPrefix("，"), "\(line)")
        }
        #expect(
            help.wrapped("a word of English and more of them, until the end", indent: 20) == """
                a word of English and more of
                                    them, until the end
                """)
        #expect(help.translated("0.1.0") == "0.1.0")
    }

    /// Each kind of sentence that the parser has for them.
    @Test(arguments: [
        "init --frobnicate", "plan --sepc cluster.json", "plan --root", "plan -o yaml", "verify now",
        "verify now then",
        "completion csh", "completion", "plan --quiet=yes", "status -qz", "spec explain a b c",
        "rotate --compromised key",
        "--generate-completion-script csh", "plan -oq", "verify -o xml",
    ])
    func wrongArguments(line: String) throws {
        let arguments = line.split(separator: " ").map(String.init)
        let error = try #require(throws: (any Error).self) { _ = try AggBootstrap.parseAsRoot(arguments) }
        let report = try #require(UsageError.report(error), "\(error)")
        let sentence = AggBootstrap.message(for: error)
        let message = ParserSentence.message(sentence)
        // The English text is the parser's.
        #expect(message == report.message)
        let plain = sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
        #expect(message.description.dropFirst() == plain.dropFirst())
        let shown = message.text(Language.chineseCatalog().translation).replacing("zsh bash fish", with: "")
        #expect(shown.contains(/[\u{3400}-\u{9FFF}]/) && !shown.contains(/[a-z]{2,} [a-z]{2,}/), "\(shown)")
    }

    /// The parser guesses by letters alone; what skips a question or a refusal is not offered for a mistyped word.
    @Test(arguments: ["init --dry", "rotate --dry", "rollback --to", "init --accept-unhealth cp1"])
    func noCarelessOptionIsOffered(line: String) throws {
        let arguments = line.split(separator: " ").map(String.init)
        let error = try #require(throws: (any Error).self) { _ = try AggBootstrap.parseAsRoot(arguments) }
        try #require(AggBootstrap.message(for: error).contains("Did you mean"))
        let report = try #require(UsageError.report(error))
        #expect(report.message.description == "unknown option '\(arguments[1])'")
    }
}
