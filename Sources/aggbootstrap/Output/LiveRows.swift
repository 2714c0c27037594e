// SPDX-License-Identifier: Apache-2.0

import Planning
import Values

/// A row for each node that a rollout changes, redrawn in place: events in, the bytes of a terminal out.
///
/// Between two frames the cursor stands at the beginning of the line below the rows and is never hidden, and no mode of
/// the terminal is changed: a run that is killed leaves the last state, and the shell's prompt below it.
struct LiveRows {
    /// Of the terminal, in characters.
    struct Size: Equatable {
        var columns: Int
        var rows: Int
    }

    struct Row: Equatable {
        enum State: Equatable {
            case waiting
            case working
            case ended(NodeResult.Kind)
        }

        let name: String
        var state = State.waiting
        var text: Message = "waiting for its turn"
        var since: ContinuousClock.Instant?
        /// Whole seconds that the work took; nil until it has ended.
        var seconds: Int64?
    }

    private(set) var rows: [Row]
    /// Widths of the lines that are on the screen above the cursor, as rows.
    private var drawn: [Int] = []
    /// Rows that have left the live part for good, since not all have room.
    private var settled: Set<String> = []

    init(_ names: [String]) { rows = names.map { Row(name: $0) } }

    /// Takes what is said of a node; the rest is no matter of the rows.
    mutating func apply(_ event: ProgressEvent, at now: ContinuousClock.Instant) {
        switch event {
        case .step(let node, let step): set(node, .working, step.text, now)
        case .note(let node, let note): set(node, .working, note.text, now)
        case .ended(let result): set(result.node, .ended(result.kind), result.kind.text, now)
        case .line, .stage, .began, .finished: break
        }
    }

    private mutating func set(
        _ node: String, _ state: Row.State, _ text: Message, _ now: ContinuousClock.Instant
    ) {
        guard let index = rows.firstIndex(where: { $0.name == node }) else { return }
        if rows[index].since == nil, state == .working { rows[index].since = now }
        if case .ended = state, let since = rows[index].since {
            rows[index].seconds = Self.whole(now - since)
        }
        rows[index].state = state
        rows[index].text = text
    }

    /// What to write so that `lines` stand above the rows for good and the rows are as of `now`.
    /// - Parameter paint: colours a line; must not change its width.
    mutating func frame(
        _ size: Size, at now: ContinuousClock.Instant, above lines: [Message] = [],
        paint: (ShownLine) -> String = { $0.text }
    ) -> String {
        var text = "\r" + Self.up(drawn, size.columns)
        // The cursor's own line needs one too.
        let room = max(1, size.rows - 1)
        var live = rows.filter { !settled.contains($0.name) }
        var above = lines
        if live.count > room {
            for row in live.filter(\.isEnded) {
                above.append(line(row, now))
                settled.insert(row.name)
            }
            live.removeAll(where: \.isEnded)
        }
        for line in above { text += paint(Self.shown(line)) + "\u{1b}[K\n" }
        let shown = Self.chosen(live, room).map { line($0, now) } + Self.rest(live, room)
        drawn = []
        for line in shown.map(Self.shown) {
            let kept = line.with(Self.cut(line.text, to: size.columns - 1))
            text += paint(kept) + "\u{1b}[K\n"
            drawn.append(Self.width(kept.text))
        }
        // What the frame before or an echoed ^C left below.
        return text + "\u{1b}[J"
    }

    // MARK: - Lines

    private static func shown(_ line: Message) -> ShownLine { ShownLine(line) { SafeText.line($0) } }

    private func line(_ row: Row, _ now: ContinuousClock.Instant) -> Message {
        let width = min(rows.map { columns(of: $0.name) }.max() ?? 0, 40)
        let name = row.name.padded(to: width)
        let seconds = row.seconds ?? row.since.map { Self.whole(now - $0) }
        let number = seconds.map(String.init) ?? ""
        let time =
            String(repeating: " ", count: max(0, 3 - number.count)) + number + (seconds == nil ? "  " : " s")
        return "\(row.mark)\(name)  \(time)  \(row.text)"
    }

    /// Where not all have room, those that are worked on come first.
    private static func chosen(_ rows: [Row], _ room: Int) -> [Row] {
        guard rows.count > room else { return rows }
        let sorted = rows.filter { $0.state == .working } + rows.filter { $0.state != .working }
        return Array(sorted.prefix(max(1, room - 1)))
    }

    private static func rest(_ rows: [Row], _ room: Int) -> [Message] {
        guard rows.count > room, room > 1 else { return [] }
        return ["       and \(rows.count - (room - 1)) more"]
    }

    private static func whole(_ duration: Duration) -> Int64 { max(0, duration.components.seconds) }

    // MARK: - The terminal

    /// To the first of the lines that are there; a terminal that has become narrower has broken them.
    private static func up(_ widths: [Int], _ columns: Int) -> String {
        let count = widths.reduce(0) { $0 + max(1, ($1 + columns - 1) / max(1, columns)) }
        return count == 0 ? "" : "\u{1b}[\(count)A"
    }

    /// Rather too wide than too narrow: only ASCII takes one column for certain.
    private static func width(_ line: String) -> Int {
        line.unicodeScalars.reduce(0) { $0 + ($1.isASCII ? 1 : 2) }
    }

    private static func cut(_ line: String, to columns: Int) -> String {
        guard width(line) > columns else { return line }
        let dots = columns > 20 ? "..." : ""
        var (kept, left) = ("", max(0, columns - dots.count))
        for scalar in line.unicodeScalars {
            left -= scalar.isASCII ? 1 : 2
            guard left >= 0 else { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept + dots
    }
}

extension LiveRows.Row {
    var isEnded: Bool {
        if case .ended = state { return true }
        return false
    }

    /// As the proofs have them, so that they get the same colours.
    fileprivate var mark: String {
        switch state {
        case .waiting: "       "
        case .working: "  ..   "
        case .ended(.changed), .ended(.unchanged): "  ok   "
        case .ended(.failed), .ended(.takenBack): "  FAIL "
        case .ended(.untouched): "  --   "
        }
    }
}
