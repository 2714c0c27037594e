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

    /// Every line after a prompt, what it showed, and its exit status unless that is 0; all of it at noon of 2026-01-01.
    func record(in directory: TemporaryDirectory) throws -> String {
        let programs = try TemporaryDirectory()
        for (name, path) in [("aggbootstrap", try Binary.path()), ("openssl", "/usr/bin/openssl")] {
            let script = "#!/bin/sh\nexec \(Self.faketime) '\(path)' \"$@\"\n"
            let file = try programs.write(script, to: name)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
        }
        let folder = programs.path
        let prepared = try shell("PATH=\(folder):$PATH A=aggbootstrap; \(setUp)", in: directory)
        try #require(prepared.status == 0, "\(prepared.stdout)\(prepared.stderr)")
        return try lines.map { line in
            let shown = try onTerminal(line, in: directory, programs: folder)
            let status = shown.status == 0 ? "" : "[exit status \(shown.status)]\n"
            return "$ \(line)\n" + normalized(shown.seen, in: directory, clockIsGiven: true) + status
        }.joined(separator: "\n")
    }

    /// The wall clock stands still; other clocks go on, and files keep their times.
    private static let faketime =
        "env TZ=UTC NO_FAKE_STAT=1 faketime --exclude-monotonic -f '2026-01-01 12:00:00'"
}

/// Runs a shell line on a terminal in `directory`, with the program on the PATH and nothing of the caller's that would
/// change what it shows.
/// - Parameter programs: a folder that has the program; nil for the one that it was built in.
func onTerminal(
    _ line: String, in directory: TemporaryDirectory, programs: String? = nil
) throws -> TerminalResult {
    let folder = try programs ?? URL(fileURLWithPath: Binary.path()).deletingLastPathComponent().path
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return try runOnTerminal(
        line,
        environment: [
            "PATH": "\(folder):\(path)", "TERM": "xterm", "LC_ALL": "C.UTF-8", "HOME": directory.path,
        ], currentDirectory: directory.path)
}
