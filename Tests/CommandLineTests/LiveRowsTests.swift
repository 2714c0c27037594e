// SPDX-License-Identifier: Apache-2.0

import Planning
import TestSupport
import Testing
import Values

@testable import aggbootstrap

/// The rows of a rollout, as somebody sees them on a terminal.
@Suite struct LiveRowsTests {
    private static let start = ContinuousClock.now
    private static let changed = NodeResult.Kind.changed(files: 4, removed: 0, restarted: true)

    /// Rows, the terminal that they are drawn on, and everything that was written to it.
    private struct Session {
        var rows: LiveRows
        var screen: TerminalScreen
        var written = ""

        init(_ names: [String], columns: Int = 80, height: Int = 24) {
            rows = LiveRows(names)
            screen = TerminalScreen(columns: columns, rows: height)
            screen.write("$ aggbootstrap init\n")
        }

        mutating func say(_ events: ProgressEvent..., second: Int = 0, above: [String] = []) {
            let now = LiveRowsTests.start + .seconds(second)
            for event in events { rows.apply(event, at: now) }
            let frame = rows.frame(
                .init(columns: screen.columns, rows: screen.rows), at: now,
                above: above.map { Message(verbatim: $0) })
            screen.write(frame)
            written += frame
        }
    }

    @Test func oneRowForEachNode() {
        var session = Session(["cp1", "cp10"])
        session.say()
        session.say(.step(node: "cp1", .preparing))
        session.say(second: 2)
        session.say(.note(node: "cp1", .wrote(files: 4)), second: 3)
        #expect(
            session.screen.text == """
                $ aggbootstrap init
                  ..   cp1     3 s  4 files written
                       cp10         waiting for its turn

                """)
        session.say(.ended(NodeResult("cp1", Self.changed)), second: 12)
        session.say(
            .step(node: "cp10", .restarting(unit: "x")), second: 13, above: ["aggbootstrap: asked to stop"])
        session.say(.ended(NodeResult("cp10", .failed(isAsBefore: true))), second: 20)
        session.say(second: 40)
        #expect(
            session.screen.text == """
                $ aggbootstrap init
                aggbootstrap: asked to stop
                  ok   cp1    12 s  has the change: 4 files written, restarted
                  FAIL cp10    7 s  FAILED, and is as it was

                """)
        #expect(session.screen.cursor == (4, 0))
    }

    @Test func nodesThatWereNotBegun() {
        var session = Session(["a", "b"])
        session.say(.step(node: "a", .checkingOthers), .ended(NodeResult("a", .failed(isAsBefore: false))))
        session.say(.ended(NodeResult("b", .untouched)))
        #expect(
            session.screen.text.hasSuffix("\n  --   b         is as it was; its change was not started\n"))
    }

    /// Nothing is changed that somebody would have to put back: no hidden cursor, no mode, no scrolling region.
    @Test func onlyCodesThatLeaveNothingBehind() {
        var session = Session(["a"])
        session.say()
        session.say(
            .note(
                node: "a",
                .restoring(because: "red \u{1b}[31m, up \u{1b}[5A, bell \u{7}, \u{9b}2J\r\nnext")))
        let codes = Set(session.written.matches(of: /\e\[[0-9;?]*([A-Za-z])/).map { $0.output.1 })
        #expect(codes == ["A", "K", "J"])
        #expect(session.written.filter { $0 == "\u{1b}" }.count == session.written.matches(of: /\e\[/).count)
        #expect(session.screen.text.contains(#"red \u{1b}[31m, up \u{1b}[5A, bell \u{7}, \u{9b}2J"#))
    }

    /// ^C is echoed where the cursor stands, which is below the rows.
    @Test func anEchoIsWrittenOver() {
        var session = Session(["a", "b"])
        session.say()
        session.screen.write("^C")
        session.say(above: ["aggbootstrap: asked to stop"])
        #expect(!session.screen.text.contains("^C"))
        #expect(session.screen.text.components("waiting for its turn") == 2)
    }

    @Test(arguments: [(columns: 24, height: 5), (80, 10), (80, 31), (80, 32), (10, 3), (80, 2)])
    func moreNodesThanTheTerminalHasRows(columns: Int, height: Int) {
        let names = (1...30).map { "cp\($0)." }
        var session = Session(names, columns: columns, height: height)
        session.say()
        for (index, name) in names.enumerated() {
            session.say(.step(node: name, .restarting(unit: "x")), second: index)
            let onScreen = session.screen.text.split(separator: "\n").suffix(height - 1)
            #expect(
                onScreen.contains { $0.contains("..   \(name.prefix(2))") }, "the one that is worked on shows"
            )
            session.say(.ended(NodeResult(name, Self.changed)), second: index + 1)
            if index == 12 {
                session.say(above: ["aggbootstrap: a message of 50 characters, more than some have"])
            }
        }
        session.say(second: 100)
        let lines = session.screen.text.split(separator: "\n").map(String.init)
        for name in names {
            // What has scrolled away was written with all of its text, and the rest is cut.
            #expect(lines.count { $0.hasPrefix("  ok   \(name)".prefix(columns - 4)) } >= 1, "\(name)")
        }
        #expect(lines.count { $0.hasPrefix("  ok ") } == 30)
        #expect(lines.count == 32)
        #expect(lines[0] == "$ aggbootstrap init")
    }

    @Test func aTerminalThatBecomesNarrower() {
        var session = Session(["cp1", "cp2"], columns: 60)
        session.say(.step(node: "cp1", .preparing))
        for columns in [30, 12, 25, 80] {
            session.screen.columns = columns
            session.say(second: columns)
            let lines = session.screen.text.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(
                lines.count == 4 && lines[0] == "$ aggbootstrap init", "\(columns): \(session.screen.text)")
            #expect(lines.dropFirst().allSatisfy { $0.count < columns })
        }
        #expect(session.screen.text.contains("keeping copies, preparing files\n"))
    }

    /// Any events on terminals of any size: every node has one row in the end, and no message is lost.
    @Test func anyEvents() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<50 {
            let names = (0..<Int.random(in: 1...12, using: &random)).map { "n\($0)." }
            var session = Session(
                names, columns: .random(in: 30...90, using: &random),
                height: .random(in: 2...16, using: &random))
            var messages: [String] = []
            for second in 0..<40 {
                let name = names.randomElement(using: &random) ?? ""
                let isEnded = session.rows.rows.contains { $0.name == name && $0.isEnded }
                if Int.random(in: 0..<6, using: &random) == 0 {
                    messages.append("message \(second)")
                    session.say(second: second, above: [messages.last ?? ""])
                } else if !isEnded {
                    session.say(
                        Bool.random(using: &random)
                            ? .step(
                                node: name,
                                .restoringPair(because: "\(String(repeating: "step ", count: second % 9))"))
                            : .ended(NodeResult(name, Self.changed)), second: second)
                }
            }
            for name in names { session.say(.ended(NodeResult(name, Self.changed)), second: 60) }
            let lines = session.screen.text.split(separator: "\n").map(String.init)
            #expect(lines.filter { $0.hasPrefix("message") } == messages)
            #expect(Set(lines.filter { $0.hasPrefix("  ok ") }).count == names.count)
            #expect(lines.count == 1 + messages.count + names.count, "\(session.screen.text)")
        }
    }
}

extension String {
    fileprivate func components(_ part: String) -> Int { ranges(of: part).count }
}
