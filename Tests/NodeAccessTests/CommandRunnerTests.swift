// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import LocalFiles
@testable import NodeAccess
@testable import Values

@Suite struct CommandRunnerTests {
    @Test(
        arguments: [
            ("exit 0", 0, "", ""), ("echo out; echo err >&2; exit 7", 7, "out\n", "err\n"),
            ("kill -9 $$", 137, "", ""),
            ("printf '%s' \"$AGG_TEST\"", 0, "a value; $(not run)", ""), ("cat", 0, "", ""),
            ("head -c 300000 /dev/zero | wc -c", 0, "300000\n", ""),
        ] as [(String, Int32, String, String)])
    func theResult(script: String, status: Int32, stdout: String, stderr: String) async throws {
        let result = try await CommandRunner.run(
            "sh", ["-c", script], environment: ["AGG_TEST": "a value; $(not run)"])
        #expect((result.status, result.stdout, result.stderr) == (status, stdout, stderr))
    }

    /// Arguments are one each, whatever is in them.
    @Test func arguments() async throws {
        let arguments = ["two words", "$HOME", "'", "", "*", "-n"]
        let result = try await CommandRunner.run("printf", ["[%s]"] + arguments)
        #expect(result.stdout == arguments.map { "[\($0)]" }.joined())
    }

    @Test func aProgramThatIsMissing() async throws {
        let error = await #expect(throws: NodeError.self) {
            try await CommandRunner.run("aggbootstrap-no-such-program", [])
        }
        #expect(error?.code == .command && error?.subject == "aggbootstrap-no-such-program")
        #expect(error?.hint == "install aggbootstrap-no-such-program, and check that it is on the PATH")
    }

    @Test func tooMuchOutput() async throws {
        let error = await #expect(throws: NodeError.self) {
            try await CommandRunner.run("head", ["-c", "17000000", "/dev/zero"])
        }
        #expect(error?.code == .command)
    }

    /// A program that takes too long is killed, also where what it started holds its output open.
    @Test(
        .timeLimit(.minutes(10)),
        arguments: ["exec sleep 1000", "sleep 1000; true", "sleep 1000 & exec sleep 1000"])
    func tooLong(script: String) async throws {
        let directory = try TemporaryDirectory()
        let begin = ContinuousClock.now
        let error = await #expect(throws: NodeError.self) {
            try await CommandRunner.run(
                "sh", ["-c", "echo $$ >\(directory.file("pid")); \(script)"], timeoutSeconds: 6)
        }
        #expect(error?.underlying == "it had not ended after 6 s")
        // Not the end of the sleep; a busy machine may take its time.
        #expect(ContinuousClock.now - begin < .seconds(500))
        let pid = try #require(try FileReader.read(directory.file("pid")))
        let number = try #require(pid_t(String(decoding: pid.dropLast(), as: UTF8.self)))
        #expect(kill(number, 0) == -1 && errno == ESRCH)
    }
}
