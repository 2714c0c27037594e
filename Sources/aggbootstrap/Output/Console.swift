// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Bootstrap
import ClusterPlan
import Glibc

/// Standard output and standard error, and how an error leaves the program.
enum Console {
    static func print(_ lines: [String]) {
        write(lines.map { $0 + "\n" }.joined(), to: 1)
    }

    /// What is being done goes to standard error, so that standard output holds the result alone.
    static func progress(_ line: String) {
        write("aggbootstrap: \(line)\n", to: 2)
    }

    /// Asks a question on the terminal.
    /// - Returns: whether the answer began with `y`.
    static func confirm(_ question: String) -> Bool {
        write("\(question) [y/N] ", to: 2)
        return readLine()?.lowercased().hasPrefix("y") ?? false
    }

    /// Runs a command and turns what it throws into messages and an exit status.
    static func run(_ body: () async throws -> ExitStatus) async throws {
        // Else the first line to a reader that has gone away would end the run in the middle of a change.
        _ = signal(SIGPIPE, SIG_IGN)
        let status: ExitStatus
        do {
            status = try await body()
        } catch let problems as SpecProblems {
            write(problems.render(), to: 2)
            throw ExitCode(ExitStatus.badSpec.rawValue)
        } catch {
            report(ErrorReport(error))
            throw ExitCode(ErrorReport(error).status.rawValue)
        }
        if status != .done { throw ExitCode(status.rawValue) }
    }

    static func report(_ report: ErrorReport) {
        var lines = ["aggbootstrap: error: \(report.message) [\(report.code)]"]
        lines += report.details.map { "  | \($0)" }
        if let hint = report.hint { lines.append("hint: \(hint)") }
        write(lines.map { $0 + "\n" }.joined(), to: 2)
    }

    private static func write(_ text: String, to number: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            // A reader that has gone away is no reason to stop half-way through a change.
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
