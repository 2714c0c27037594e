// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import TestSupport
import Testing

@testable import aggbootstrap

/// Every command on a page is one that the program takes, in a block as in a sentence. Whether it does what the page says is tested elsewhere.
@Suite struct DocumentedCommandTests {
    @Test func everyCommandIsTaken() throws {
        var count = 0
        for (name, page) in try Pages.all().sorted(by: { $0.key < $1.key }) where name != "CHANGELOG.md" {
            for block in Pages.blocks(page) {
                for line in block.text.replacing("\\\n", with: " ").split(separator: "\n") {
                    for words in ShellLine(String(line)).commands(of: "aggbootstrap") {
                        count += 1
                        #expect(fault(in: words) == nil, "\(name): \(line)")
                    }
                }
            }
        }
        #expect(count >= 120)
    }

    /// A sentence may name a command without the values that it needs; what it does name must exist.
    @Test func everyCommandInASentenceIsTaken() throws {
        var count = 0
        for (name, page) in try Pages.all().sorted(by: { $0.key < $1.key }) where name != "CHANGELOG.md" {
            for span in PageParts(page).parts.flatMap(\.spans) where !span.contains("COMMAND") {
                for words in ShellLine(span).commands(of: "aggbootstrap") {
                    count += 1
                    let found = fault(in: words) ?? "missing nothing"
                    #expect(found.lowercased().contains("missing"), "\(name): \(span): \(found)")
                }
            }
        }
        #expect(count >= 60)
    }

    /// What the program has against these arguments; nil if it takes them.
    private func fault(in words: [String]) -> String? {
        do {
            _ = try AggBootstrap.parseAsRoot(VersionCommand.arguments(words))
            return nil
        } catch {
            return AggBootstrap.exitCode(for: error) == .success ? nil : AggBootstrap.message(for: error)
        }
    }

    @Test func aMistakeIsSeen() throws {
        let line = ShellLine("cd x && sudo env A=b aggbootstrap rotate --frobnicate 'a b' >file # no words")
        let words = try #require(line.commands(of: "aggbootstrap").first)
        #expect(words == ["rotate", "--frobnicate", "a b"])
        #expect(fault(in: words)?.contains("--frobnicate") == true)
        #expect(fault(in: ["--version"]) == nil)
        #expect(
            ShellLine("journalctl -u aggbootstrap x; apt install ./aggbootstrap_1.deb").commands(
                of: "aggbootstrap") == [])
    }
}

/// A line of a shell, as far as pages need it: words, quotes, comments, and what ends a command.
private struct ShellLine {
    private var words: [(text: String, isOperator: Bool)] = []

    init(_ line: String) {
        var word = ""
        var isWord = false
        var quote: Character?
        func end(_ words: inout [(text: String, isOperator: Bool)]) {
            if isWord { words.append((word, false)) }
            (word, isWord) = ("", false)
        }
        for character in line {
            if let open = quote {
                if character == open { quote = nil } else { word.append(character) }
            } else if character == "'" || character == "\"" {
                (quote, isWord) = (character, true)
            } else if character == "#" && !isWord {
                break
            } else if character.isWhitespace {
                end(&words)
            } else if "|&;()<>".contains(character) {
                end(&words)
                words.append((String(character), true))
            } else {
                word.append(character)
                isWord = true
            }
        }
        end(&words)
    }

    /// The arguments of each call of a program in the line.
    func commands(of program: String) -> [[String]] {
        var result: [[String]] = []
        var isStart = true
        var isOpen = false
        for (text, isOperator) in words {
            if isOperator {
                (isStart, isOpen) = (!"<>".contains(text), false)
            } else if isOpen {
                result[result.count - 1].append(text)
            } else if isStart && text == program {
                result.append([])
                (isStart, isOpen) = (false, true)
            } else {
                let goesOn = ["$", "!", "sudo", "env", "if", "then", "do", "while", "exec", "-n", "run:"]
                    .contains(text)
                isStart = isStart && (goesOn || text.contains("="))
            }
        }
        return result
    }
}
