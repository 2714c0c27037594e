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
    /// What comes sooner after the first one is the same one, from the terminal and from whoever passes it on.
    private static let sameWithin = Duration.milliseconds(300)

    /// When the first of the signals came.
    private let asked = Mutex<ContinuousClock.Instant?>(nil)
    // Dispatch's sources may be used from any thread.
    private nonisolated(unsafe) var sources: [any DispatchSourceSignal] = []

    /// What each signal did before the first of those that listen now; a process has one action for a signal.
    private struct Actions {
        var listeners = 0
        var before: [(number: Int32, action: sigaction)] = []
    }

    private static let actions = Mutex(Actions())

    /// - Parameter promise: what the operator is told that happens first.
    package init(
        promise: StopPromise = .node, progress: @escaping @Sendable (RunNote) -> Void
    ) {
        Self.actions.withLock { actions in
            actions.listeners += 1
            guard actions.listeners == 1 else { return }
            actions.before = Self.numbers.compactMap { number in
                var (ignored, old) = (sigaction(), sigaction())
                ignored.__sigaction_handler.sa_handler = SIG_IGN
                return sigaction(number, &ignored, &old) == 0 ? (number, old) : nil
            }
        }
        for number in Self.numbers {
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            let handler = DispatchWorkItem { [weak self] in self?.receive(number, promise, progress) }
            source.setEventHandler(handler: handler)
            source.resume()
            sources.append(source)
        }
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
        for source in sources { source.cancel() }
        Self.actions.withLock { actions in
            actions.listeners -= 1
            guard actions.listeners == 0 else { return }
            for (number, action) in actions.before {
                var action = action
                sigaction(number, &action, nil)
            }
        }
    }
}
