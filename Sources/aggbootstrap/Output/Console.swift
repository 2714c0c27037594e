// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Operations
import Spec
import Synchronization
import Values

/// Standard output and standard error, and how an error leaves the program.
///
/// All text leaves here, and is made safe for a terminal before it gets its colours: parts of it come from
/// certificates, files, nodes and other programs.
enum Console {
    /// The first error of standard output.
    private static let outputError = Mutex<Int32?>(nil)

    /// Why the result, or a part of it, is not where standard output leads; nil where all of it was written.
    static var unwritten: BootstrapError? {
        outputError.withLock { $0 }.flatMap { number in
            // It is no failure where the reader has gone away, as in `plan | head -1`.
            number == EPIPE
                ? nil
                : BootstrapError(
                    "output/unwritten", status: .unwritten,
                    "cannot write the result to standard output: \(Message(system: strerror(number)))",
                    hint: "the run itself is done; plan and verify show the current state")
        }
    }

    /// Whether all of the standard output could be written so far.
    static var hasReader: Bool { outputError.withLock { $0 == nil } }

    static func print(_ lines: [Message], color: ColorChoice = .never) {
        write(shown(lines, isColored: color.isOn(.output)).map { $0 + "\n" }.joined(), to: 1)
    }

    /// A document of JSON, which is safe for a terminal already.
    static func json(_ text: String) { document(text + "\n") }

    /// A document for a program or a file, which ends with a line feed already; it is written as it is.
    static func document(_ text: String) { write(text, to: 1) }

    /// Remarks on the result, each with its own place; on standard error.
    static func notes(_ lines: [Message]) {
        write(shown(lines).map { $0 + "\n" }.joined(), to: 2)
    }

    /// What is wrong with a file, on standard error.
    static func problems(_ problems: SpecProblems, color: ColorChoice = .auto) {
        let text = problems.render(
            color: color.isOn(.error) ? .ansi : .none,
            translation: { Language.catalog?.translation($0) })
        write(text, to: 2)
        if Terminal.isGitHubActions { annotate(problems) }
    }

    /// What is being done goes to standard error, so that standard output holds the result alone.
    ///
    /// Where it is no terminal, in a log that is, each line has its time; the journal adds its own.
    static func progress(_ line: Message) {
        let time = Terminal.wantsTimes ? "\(Terminal.time) " : ""
        write("\(time)aggbootstrap: \(SafeText.lines(line.shown))\n", to: 2)
    }

    /// What the program does to itself before it touches a key; what is refused is said, and does not stop it.
    static func harden() { Hardening.apply().forEach { progress("warning: \($0.text)") } }

    /// What redraws a part of the terminal: `LiveRows` has made its text safe.
    static func frame(_ text: String) { write(text, to: 2) }

    /// Asks a question on the terminal.
    /// - Returns: whether the answer began with `y`, or with 是.
    private static func confirm(_ question: Message) -> Bool {
        let text = SafeText.lines(question.shown)
        // A full-width question mark has its own space.
        write("\(text)\(text.hasSuffix("？") ? "" : " ")[y/N] ", to: 2)
        let answer = readLine()?.lowercased() ?? ""
        return answer.hasPrefix("y") || answer.hasPrefix("是")
    }

    /// Goes on only where the operator says so.
    /// - Throws: `usage/no-terminal` where nobody can be asked; `usage/declined`.
    static func consent(_ question: Message) throws {
        guard Terminal.isInteractive else {
            throw BootstrapError(
                "usage/no-terminal", status: .usage,
                "the run would change live nodes, and there is no terminal to ask",
                hint: "check the plan, then run it again with --yes")
        }
        guard confirm(question) else {
            throw BootstrapError("usage/declined", "the answer was no; nothing was changed")
        }
    }

    /// Runs a command and turns what it throws into messages and an exit status.
    ///
    /// With a document wanted, standard output gets one also where it fails.
    static func run(
        color: ColorChoice = .auto, format: OutputFormat = .text, _ body: () async throws -> ExitStatus
    ) async throws {
        try await run(color: color, failure: FailureForm(format), body)
    }

    static func run(
        color: ColorChoice, failure form: FailureForm, _ body: () async throws -> ExitStatus
    ) async throws {
        // Else the first line to a reader that has gone away would end the run in the middle of a change.
        _ = signal(SIGPIPE, SIG_IGN)
        let status: ExitStatus
        do {
            status = try await body()
        } catch {
            try form.show(error)
            let cause = (error as? DocumentedError)?.cause ?? error
            failure(cause, color: color)
            throw ExitCode(ErrorReport(cause).status.rawValue)
        }
        if status != .done { throw ExitCode(status.rawValue) }
    }

    /// Any error, in its own form.
    static func failure(_ error: any Error, color: ColorChoice = .auto) {
        if let problems = error as? SpecProblems {
            self.problems(problems, color: color)
        } else {
            report(ErrorReport(error), color: color)
        }
    }

    static func report(_ report: ErrorReport, color: ColorChoice = .auto) {
        var lines: [Message] = ["aggbootstrap: error: \(report.message) [\(report.code)]"]
        lines += report.lines.map { "  | \($0)" }
        if let hint = report.hint { lines.append("hint: \(hint)") }
        let safe = shown(lines, isColored: color.isOn(.error))
        write(safe.map { Terminal.failurePrefix + $0 + "\n" }.joined(), to: 2)
        if Terminal.isGitHubActions { write("::error::\(GitHubText.escaped("\(report.message)"))\n", to: 2) }
    }

    /// GitHub's workflow commands: shown at the line of the spec in the job's summary and in a pull request.
    private static func annotate(_ problems: SpecProblems) {
        for problem in problems.problems {
            let place =
                "file=\(GitHubText.escapedProperty(problems.fileName)),line=\(problem.location.line),col=\(problem.location.column)"
            let hint = problem.hint.map { "; \($0)" } ?? ""
            write("::error \(place)::\(GitHubText.escaped("\(problem.message)\(hint)"))\n", to: 2)
        }
    }

    private static func shown(_ lines: [Message], isColored: Bool = false) -> [String] {
        lines.map { ShownLine($0) }.map { isColored ? Painter.paint($0) : $0.text }
    }

    /// A file for a program, as it is.
    static func file(_ bytes: [UInt8]) { write(bytes, to: 1) }

    private static func write(_ text: String, to number: Int32) { write(Array(text.utf8), to: number) }

    private static func write(_ whole: [UInt8], to number: Int32) {
        var bytes = whole[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            // It is no reason to stop half-way through a change; the end of the run says so.
            guard count > 0 else {
                let cause = count < 0 ? errno : EIO
                if number == 1 { outputError.withLock { $0 = $0 ?? cause } }
                return
            }
            bytes = bytes.dropFirst(count)
        }
    }
}
