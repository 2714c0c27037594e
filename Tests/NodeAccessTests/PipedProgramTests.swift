// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import LocalFiles
@testable import Values

/// A program between one input and one output.
@Suite struct PipedProgramTests {
    private func sh(_ script: String, _ input: String = "in", seconds: Int = 20) throws -> PipedProgram.Result
    {
        try PipedProgram("sh", ["-c", script], timeoutSeconds: seconds).run(input: Array(input.utf8))
    }

    private func text(_ result: PipedProgram.Result) -> String {
        String(decoding: result.output, as: UTF8.self)
    }

    @Test func inputAndOutput() throws {
        let result = try sh("cat; echo one >&2; echo two >&2", "a\nb")
        #expect(text(result) == "a\nb" && result.ending == .exited(0) && result.errors == ["one", "two"])
        let long = String(repeating: "x", count: 900_000)
        #expect(try text(sh("cat", long)) == long)
    }

    /// One that reads nothing blocks nobody, and its status is what counts.
    @Test(arguments: [
        ("exit 3", PipedProgram.Ending.exited(3)), ("kill -9 $$", .signaled(9)), (":", .exited(0)),
    ])
    func endings(script: String, ending: PipedProgram.Ending) throws {
        #expect(try sh(script, String(repeating: "x", count: 1 << 20)).ending == ending)
    }

    @Test func oneThatDoesNotEndIsKilledWithWhatItStarted() throws {
        let directory = try TemporaryDirectory()
        let begin = ContinuousClock.now
        let file = directory.file("pid")
        let result = try sh("sleep 300 & echo $! >\(file); echo waits >&2; wait", seconds: 1)
        #expect(result.ending == .timedOut && result.errors == ["waits"])
        #expect(ContinuousClock.now - begin < .seconds(10))
        let pid = try #require(try FileReader.read(file))
        let state = try run(
            "sh",
            [
                "-c", "sed -n 's/^State:.\\(.\\).*/\\1/p' /proc/$0/status",
                String(decoding: pid.dropLast(), as: UTF8.self),
            ])
        #expect(["", "Z\n"].contains(state.stdout), "\(state.stdout)")
    }

    /// Something that it leaves behind holds its output open.
    @Test func whatStaysBehindIsNotWaitedFor() throws {
        let begin = ContinuousClock.now
        let result = try sh("sleep 300 & echo done")
        #expect(result.ending == .exited(0) && text(result) == "done\n")
        #expect(ContinuousClock.now - begin < .seconds(10))
    }

    @Test(arguments: ["yes", "yes >&2"]) func tooMuch(script: String) throws {
        #expect(try sh(script).ending == .wroteTooMuch)
    }

    /// A session of its own, so there is no terminal to ask at.
    @Test func itHasNoTerminal() throws {
        let result = try sh("(: </dev/tty) 2>/dev/null && echo tty; cut -d' ' -f6 /proc/self/stat; echo $$")
        let lines = text(result).split(separator: "\n").map(String.init)
        #expect(lines.count == 2 && lines.first == lines.last, "\(lines)")
    }

    @Test func onlyTheLastLinesOfItsErrors() throws {
        let result = try sh("seq 1 100000 >&2; exit 1")
        #expect(result.errors.count == 8 && result.errors.last == "100000")
    }

    @Test func oneThatIsNotThere() throws {
        let error = #expect(throws: NodeError.self) {
            try PipedProgram("/no/such/program", [], timeoutSeconds: 1).run(input: [])
        }
        #expect(error?.code == .command && error?.hint?.contains("/no/such/program") == true)
    }
}
