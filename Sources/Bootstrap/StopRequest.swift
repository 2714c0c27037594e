// SPDX-License-Identifier: Apache-2.0

@preconcurrency import Dispatch
import Glibc
import Synchronization

/// Signals that a person's ^C or a lost session sends, while nodes are changed: they do not end the program half-way
/// through a node's change, but keep it from beginning another one. SIGKILL is what the transaction is for.
final class StopRequest: Sendable {
    private static let numbers = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP]
    private let asked = Mutex(false)
    // Dispatch's sources may be used from any thread.
    private nonisolated(unsafe) var sources: [any DispatchSourceSignal] = []
    private let before: [(number: Int32, handler: @Sendable @convention(c) (Int32) -> Void)]

    /// - Parameter promise: what the operator is told that happens first.
    init(
        promise: String = "the node that is being changed is brought to its end first",
        progress: @escaping @Sendable (String) -> Void
    ) {
        before = Self.numbers.compactMap { number in
            signal(number, SIG_IGN).map {
                (number, unsafeBitCast($0, to: (@Sendable @convention(c) (Int32) -> Void).self))
            }
        }
        for number in Self.numbers {
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            let handler = DispatchWorkItem { [weak self] in
                guard let self,
                    !self.asked.withLock({
                        let was = $0; $0 = true; return was
                    })
                else { return }
                progress("asked to stop: \(promise)")
            }
            source.setEventHandler(handler: handler)
            source.resume()
            sources.append(source)
        }
    }

    /// Whether one of the signals has come.
    var isStopped: Bool { asked.withLock { $0 } }

    /// Lets the signals do again what they did before.
    func restore() {
        for source in sources { source.cancel() }
        for (number, handler) in before { _ = signal(number, handler) }
    }
}
