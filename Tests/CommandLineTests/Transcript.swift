// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A session on a terminal: shell lines, and what each of them shows.
struct Transcript: Sendable, CustomTestStringConvertible {
    /// Its file below `Golden/`, without `.txt`.
    let name: String
    /// Done before, and not shown.
    let setUp: String
    let lines: [String]
    var testDescription: String { name }

    init(_ name: String, setUp: String = "true", _ lines: String...) {
        (self.name, self.setUp, self.lines) = (name, setUp, lines)
    }

    /// Every line after a prompt, what it showed, and its exit status unless that is 0.
    func record(in directory: TemporaryDirectory) throws -> String {
        let prepared = try shell(setUp, in: directory)
        try #require(prepared.status == 0, "\(prepared.stdout)\(prepared.stderr)")
        return try lines.map { line in
            let shown = try onTerminal(line, in: directory)
            let status = shown.status == 0 ? "" : "[exit status \(shown.status)]\n"
            return "$ \(line)\n" + normalized(shown.seen, in: directory) + status
        }.joined(separator: "\n")
    }
}

/// Runs a shell line on a terminal in `directory`, with the program on the PATH and nothing of the caller's that would
/// change what it shows.
func onTerminal(_ line: String, in directory: TemporaryDirectory) throws -> TerminalResult {
    let folder = URL(fileURLWithPath: try Binary.path()).deletingLastPathComponent().path
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return try runOnTerminal(
        line,
        environment: [
            "PATH": "\(folder):\(path)", "TERM": "xterm", "LC_ALL": "C.UTF-8", "HOME": directory.path,
        ], currentDirectory: directory.path)
}
