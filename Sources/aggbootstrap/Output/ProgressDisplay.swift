// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Synchronization
import Values

@preconcurrency import Dispatch

/// Shows what a run says: as live rows on a terminal, as lines elsewhere.
final class ProgressDisplay: Sendable {
    private struct Board {
        var rows: LiveRows
        var last = ""
    }

    private let showsRows: Bool
    private let isColored: Bool
    /// nil while there is no rollout, or where it is shown as lines.
    private let board = Mutex<Board?>(nil)
    // Dispatch's sources may be used from any thread; set while no other thread speaks yet.
    private nonisolated(unsafe) var timer: (any DispatchSourceTimer)?

    init(showsRows: Bool, isColored: Bool) {
        self.showsRows = showsRows
        self.isColored = isColored
    }

    func show(_ event: ProgressEvent) {
        switch event {
        case .began(let names): if showsRows, !names.isEmpty { begin(names) }
        case .finished: end()
        default:
            board.withLock { board in
                guard board != nil else { return event.logLine.map(Console.progress) ?? () }
                board?.rows.apply(event, at: .now)
                switch event {
                case .line, .stage:
                    draw(&board, above: event.logLine.map { ["aggbootstrap: \($0)" as Message] } ?? [])
                default: draw(&board)
                }
            }
        }
    }

    private func begin(_ names: [String]) {
        board.withLock { board in
            board = Board(rows: LiveRows(names))
            draw(&board)
        }
        let timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now() + .milliseconds(250), repeating: .milliseconds(250))
        let tick = DispatchWorkItem { [weak self] in self?.board.withLock { self?.draw(&$0) } }
        timer.setEventHandler(handler: tick)
        timer.resume()
        self.timer = timer
    }

    private func end() {
        timer?.cancel()
        timer = nil
        board.withLock { board in
            draw(&board)
            board = nil
        }
    }

    private func draw(_ board: inout Board?, above: [Message] = []) {
        let paint = { [isColored] (line: ShownLine) in isColored ? Painter.paint(line) : line.text }
        let size = Terminal.errorSize.map { LiveRows.Size(columns: $0.columns, rows: $0.rows) }
        guard
            let frame = board?.rows.frame(
                size ?? .init(columns: 80, rows: 24), at: .now, above: above, paint: paint)
        else { return }
        // Looked at more often than each second, so that none is left out.
        guard frame != board?.last || !above.isEmpty else { return }
        board?.last = frame
        Console.frame(frame)
    }
}
