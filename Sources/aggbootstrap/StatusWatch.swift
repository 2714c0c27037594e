// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ControlPlane
import Operations
import Spec
import Synchronization
import Values

/// How long `--watch` waits between two looks.
struct WatchInterval: ExpressibleByArgument, CustomStringConvertible {
    /// 0 where it is no such number: refused later, since the parser would only say that it expects none.
    let seconds: Int
    var description: String { "\(seconds)" }

    init(seconds: Int) { self.seconds = seconds }

    init(argument: String) { seconds = (try? OptionValue.seconds(argument)) ?? 0 }
}

/// Looks again and again: in place on a terminal, one block after the other elsewhere, until a signal ends it.
struct StatusWatch {
    /// What one look shows, and how it would have ended.
    private struct Look {
        let lines: [Message]
        let status: ExitStatus
    }

    let interval: WatchInterval
    let color: ColorChoice
    /// Looks, shows the result, and writes the files that were asked for.
    let look: @Sendable () async throws -> FleetReport

    /// - Returns: how the last look would have ended.
    /// - Throws: what the first look throws; a later one is shown, since the next may be well.
    func run() async throws -> ExitStatus {
        let stop = StopRequest(progress: { _ in })
        defer { stop.restore() }
        var (last, isFirst) = (ExitStatus.done, true)
        while let result = await next(orUntil: isFirst ? nil : stop) {
            let shown = try isFirst ? Self.good(result.get()) : Self.shown(result)
            show(shown.lines, isFirst: isFirst)
            (last, isFirst) = (shown.status, false)
            if await !pause(stop) { break }
        }
        return last
    }

    // MARK: - Looking

    /// Whether a look has ended; it may be left alone where a node does not answer.
    private final class Answer: Sendable {
        let value = Mutex<Result<FleetReport, any Error>?>(nil)
    }

    /// - Parameter stop: nil for a look that is waited for.
    /// - Returns: nil where it was stopped before.
    private func next(orUntil stop: StopRequest?) async -> Result<FleetReport, any Error>? {
        let answer = Answer()
        Task { [look] in
            let result: Result<FleetReport, any Error>
            do { result = .success(try await look()) } catch { result = .failure(error) }
            answer.value.withLock { $0 = result }
        }
        while true {
            if let result = answer.value.withLock({ $0 }) { return result }
            if stop?.isStopped == true { return nil }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// - Returns: whether another look is wanted.
    private func pause(_ stop: StopRequest) async -> Bool {
        let end = ContinuousClock.now + .seconds(interval.seconds)
        while ContinuousClock.now < end {
            if stop.isStopped || !Console.hasReader { return false }
            try? await Task.sleep(for: .milliseconds(50))
        }
        return true
    }

    private static func good(_ report: FleetReport) -> Look {
        let failures = report.fleet.failures.flatMap { words($0.report) }
        return Look(lines: report.lines + failures, status: report.exitStatus)
    }

    private static func shown(_ result: Result<FleetReport, any Error>) -> Look {
        switch result {
        case .success(let report): return good(report)
        case .failure(let error):
            let report = ErrorReport(error)
            return Look(lines: words(report), status: report.status)
        }
    }

    private static func words(_ report: ErrorReport) -> [Message] {
        ["aggbootstrap: error: \(report.message) [\(report.code)]"]
            + (report.hint.map { ["hint: \($0)"] } ?? [])
    }

    // MARK: - Showing

    private func show(_ lines: [Message], isFirst: Bool) {
        guard Terminal.canRedrawOutput, let size = Terminal.outputSize else {
            return Console.print(["\(Terminal.time)"] + lines + [""], color: color)
        }
        let head: Message = "\(Terminal.time), every \(interval.seconds) s; ^C ends it"
        let shown = ([head, ""] + lines).flatMap { ShownLine($0) { $0 }.split }
        let isColored = color.isOn(.output)
        Console.document(
            Self.frame(shown, size.columns, size.rows, isFirst: isFirst) {
                isColored ? Painter.paint($0) : $0.text
            })
    }

    /// What to write so that only these lines are on the screen, without a mode of the terminal changed: a watch that is
    /// killed leaves them, and the prompt below.
    /// - Parameter paint: colours a line; must not change its width.
    static func frame(
        _ lines: [ShownLine], _ columns: Int, _ rows: Int, isFirst: Bool,
        paint: (ShownLine) -> String = { $0.text }
    ) -> String {
        // The cursor's own line needs one too; the last line of all says how it is.
        let room = max(4, rows - 1)
        var shown = lines
        if lines.count > room {
            let kept = lines.prefix(room - 2)
            let more: Message = "... \(lines.count - room + 1) more lines"
            shown = kept + [ShownLine(more), lines[lines.count - 1]]
        }
        let text = shown.map { paint($0.with(cut(SafeText.line($0.text), to: columns - 1))) + "\u{1b}[K\n" }
            .joined()
        return (isFirst ? "\u{1b}[2J" : "") + "\u{1b}[H" + text + "\u{1b}[J"
    }

    /// Rather too wide than too narrow: only ASCII and the bars take one column for certain.
    private static func cut(_ line: String, to columns: Int) -> String {
        var (kept, left) = ("", columns)
        for scalar in line.unicodeScalars {
            left -= scalar.isASCII || (0x2580...0x259f).contains(scalar.value) ? 1 : 2
            guard left >= 0 else { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept
    }
}
