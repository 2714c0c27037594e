// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing
import Values

@testable import aggbootstrap

/// `status --watch` on a terminal and in a pipe, and how it ends.
@Suite struct StatusWatchTests {
    private static let status = "status --spec clusters/berlin.json --root out/berlin"

    /// A block for each look, with its time; a signal ends it with the status of the last one.
    @Test(arguments: ["INT", "TERM"]) func inAPipe(signal: String) throws {
        let fleet = try Fleet()
        let line = """
            (sleep 2.5; rm out/berlin/cp1/etc/kubernetes/ssl/aggregator.pem) &
            timeout --preserve-status -s \(signal) 5 $A \(Self.status) --watch 1 --warn-before 1d | cat
            echo "status ${PIPESTATUS[0]}"
            """
        let shown = try shell(line, in: fleet.directory)
        let lines = shown.stdout.split(separator: "\n").map(String.init)
        let times = lines.filter { $0.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil }
        #expect(times.count >= 3 && Set(times).count == times.count, "\(shown)")
        #expect(lines.first == times.first && lines.count { $0.hasPrefix("cluster berlin") } == times.count)
        #expect(lines.contains("fine: 1 control plane as the spec says"))
        #expect(lines.suffix(2) == ["look: 1 control plane not as the spec says", "status 4"], "\(shown)")
        #expect(!shown.stdout.contains("\u{1b}"))
    }

    /// One screen is redrawn: what has been there before is not repeated above.
    @Test func onATerminal() throws {
        let fleet = try Fleet()
        let line = "timeout --foreground --preserve-status -s INT 3.5 aggbootstrap \(Self.status) --watch 1"
        let result = try onTerminal("stty rows 30 cols 120; \(line)", in: fleet.directory)
        #expect(result.status == 0, "\(result.screen)")
        #expect(result.screen.components(separatedBy: "\u{1b}[H").count > 3, "\(result.screen)")
        let seen = result.seen.split(separator: "\n").map(String.init)
        #expect(seen.count { $0.hasPrefix("cluster berlin") } == 1, "\(result.seen)")
        #expect(seen.last == "fine: 1 control plane as the spec says", "\(result.seen)")
        #expect(seen.first?.contains(", every 1 s; ^C ends it") == true, "\(result.seen)")
    }

    @Test func aSmallTerminal() {
        let lines = (1...50).map { "line \($0) 漢漢" }
        let frame = StatusWatch.frame(lines.map { ShownLine(Message(verbatim: $0)) }, 12, 10, isFirst: true)
        var screen = TerminalScreen(columns: 12, rows: 10)
        screen.write(frame)
        let shown = screen.text.split(separator: "\n").map(String.init)
        #expect(shown.count == 9 && shown[7] == "... 42 more", "\(shown)")
        #expect(shown[8] == "line 50 漢" && shown[0] == "line 1 漢漢".prefix(9))
        screen.write(StatusWatch.frame([ShownLine("short")], 12, 10, isFirst: false))
        #expect(screen.text == "short\n")
    }

    @Test func aReaderThatGoesAway() throws {
        let fleet = try Fleet()
        let line = "timeout 20 $A \(Self.status) --watch 1 | head -3 >/dev/null; echo ${PIPESTATUS[0]}"
        #expect(try shell(line, in: fleet.directory).stdout == "0\n")
    }

    @Test func withoutANumberAndWithAWrongOne() throws {
        let fleet = try Fleet()
        let line = "timeout --preserve-status -s INT 2 $A \(Self.status)"
        #expect(try shell("\(line) --watch; echo $?", in: fleet.directory).stdout.hasSuffix("says\n\n0\n"))
        #expect(try shell("\(line) --watch -q; echo $?", in: fleet.directory).stdout.hasSuffix("\n0\n"))
        for arguments in ["--watch 0", "--watch soon", "--watch=-1", "--watch -o json", "--watch --output x"]
        {
            #expect(try shell("\(line) \(arguments)", in: fleet.directory).status == 64, "\(arguments)")
        }
        #expect(try shell("\(line) --watch --spec none", in: fleet.directory).status == 65)
    }
}
