// SPDX-License-Identifier: Apache-2.0

import Glibc
import Planning
import Synchronization

@preconcurrency import Dispatch

/// Signals that a person's ^C, a service manager or a lost session sends, while nodes are changed: they do not end the
/// program half-way through a node's change, but keep it from beginning another one. SIGKILL is what the transaction is
/// for, and so is the second ^C, which ends the program at once.
package final class StopRequest: Sendable {
    private static let numbers = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP]
    /// A terminal that goes away sends SIGHUP more than once.
    private static let ending: Set<Int32> = [SIGINT, SIGTERM, SIGQUIT]
    /// What comes sooner after the first one is the same one, from the terminal and from a program that passes it on.
    private static let sameWithin = Duration.milliseconds(300)

    /// When the first of the signals came.
    private let asked = Mutex<ContinuousClock.Instant?>(nil)
    /// Those that listen now, and what each signal did before the first of them: a process has one action for a signal.
    private struct Listeners {
        var handlers: [ObjectIdentifier: @Sendable (Int32) -> Void] = [:]
        var before: [(number: Int32, action: sigaction)] = []
        /// Reads the signals that came; it stays.
        var reader: (any DispatchSourceRead)?
    }

    private static let listeners = Mutex(Listeners())

    /// - Parameter promise: what the operator is told that happens first.
    package init(
        promise: StopPromise = .node, progress: @escaping @Sendable (RunNote) -> Void
    ) {
        Self.listeners.withLock { listeners in
            listeners.reader = listeners.reader ?? Self.makeReader()
            if listeners.handlers.isEmpty { listeners.before = Self.listen() }
            listeners.handlers[ObjectIdentifier(self)] = { [weak self] number in
                self?.receive(number, promise, progress)
            }
        }
    }

    /// - Returns: what each signal did before.
    private static func listen() -> [(number: Int32, action: sigaction)] {
        numbers.compactMap { number in
            var (action, old) = (sigaction(), sigaction())
            action.__sigaction_handler.sa_handler = { number in
                var byte = UInt8(truncatingIfNeeded: number)
                let cause = errno
                // More than a pipe holds say nothing more.
                _ = write(signalPipe, &byte, 1)
                errno = cause
            }
            action.sa_flags = SA_RESTART
            return sigaction(number, &action, &old) == 0 ? (number, old) : nil
        }
    }

    private static func makeReader() -> (any DispatchSourceRead)? {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        let end = ends[0]
        signalPipe = ends[1]
        let source = DispatchSource.makeReadSource(fileDescriptor: end, queue: .global())
        source.setEventHandler {
            var numbers = [UInt8](repeating: 0, count: 64)
            let count = read(end, &numbers, numbers.count)
            let handlers = listeners.withLock { Array($0.handlers.values) }
            for number in numbers.prefix(max(0, count)) {
                for handler in handlers { handler(Int32(number)) }
            }
        }
        source.resume()
        return source
    }

    /// One of the signals has come.
    func receive(_ number: Int32, _ promise: StopPromise, _ progress: (RunNote) -> Void) {
        let now = ContinuousClock.now
        let first = asked.withLock { asked in
            defer { asked = asked ?? now }
            return asked
        }
        guard let first else {
            return progress(.stopping(promise))
        }
        guard Self.ending.contains(number), now - first > Self.sameWithin else { return }
        var usual = sigaction()
        usual.__sigaction_handler.sa_handler = SIG_DFL
        sigaction(number, &usual, nil)
        kill(getpid(), number)
    }

    /// Whether one of the signals has come.
    package var isStopped: Bool { asked.withLock { $0 != nil } }

    /// Lets the signals do again what they did before, once nobody listens any more; called once.
    package func restore() {
        Self.listeners.withLock { listeners in
            listeners.handlers[ObjectIdentifier(self)] = nil
            guard listeners.handlers.isEmpty else { return }
            for (number, action) in listeners.before {
                var action = action
                sigaction(number, &action, nil)
            }
        }
    }
}

/// Where a signal's handler writes its number: a file's descriptor, set before the first handler is.
private nonisolated(unsafe) var signalPipe: Int32 = -1
