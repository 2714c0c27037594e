// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The screens in README.md are what the program shows: `$ ` begins a command, `...` stands for lines left out.
@Test func theReadmeShowsARealRun() throws {
    let checkout = #filePath.components(separatedBy: "/Tests/")[0]
    let readme = try String(contentsOfFile: "\(checkout)/README.md", encoding: .utf8)
    let screens = readme.matches(of: /(?m)^```console\n((?:.*\n)*?)```$/).map { String($0.1) }
    #expect(!screens.isEmpty)
    let directory = try TemporaryDirectory()
    for screen in screens {
        var commands: [(line: String, shown: [String])] = []
        for line in screen.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if line.hasPrefix("$ ") {
                commands.append((String(line.dropFirst(2)), []))
            } else if !commands.isEmpty {
                commands[commands.count - 1].shown.append(normalized(String(line), in: directory))
            }
        }
        for (line, wanted) in commands {
            let result = try onTerminal("NO_COLOR=1 \(line)", in: directory)
            let shown = normalized(result.seen, in: directory)
            var lines = shown.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            if lines.last == "" { lines.removeLast() }
            #expect(matches(lines[...], wanted[...]), "\(line) shows\n\(shown)")
        }
    }
}

/// Whether `lines` are those of `pattern`, in which `...` stands for any number of lines.
private func matches(_ lines: ArraySlice<String>, _ pattern: ArraySlice<String>) -> Bool {
    guard let first = pattern.first else { return lines.isEmpty }
    let rest = pattern.dropFirst()
    guard first == "..." else { return lines.first == first && matches(lines.dropFirst(), rest) }
    return (lines.startIndex...lines.endIndex).contains { matches(lines[$0...], rest) }
}
