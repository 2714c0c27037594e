// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Planning
import Synchronization
import Values

/// What was done to the nodes, in order, and what is to go wrong at which of it.
final class Journal: Sendable {
    /// What becomes of a step.
    enum Fate: Sendable, Equatable {
        case done
        case failing(NodeError.Code)
        /// Nothing is heard any more: this step and all that would follow are not done.
        case lost
        /// Nothing is heard any more, and this step was done.
        case lostBehind
        /// The node's lock is somebody else's from now on.
        case lockLost

        static var failed: Fate { .failing(.system) }
    }

    private struct Entries {
        var steps: [String] = []
        var secrets: [String] = []
        var isLost = false
    }

    private let entries = Mutex(Entries())
    private let fate: @Sendable (_ number: Int, _ step: String) -> Fate

    /// - Parameter fate: of each step; the first has the number 1.
    init(_ fate: @escaping @Sendable (_ number: Int, _ step: String) -> Fate = { _, _ in .done }) {
        self.fate = fate
    }

    convenience init(failingAt failing: Set<Int>, with code: NodeError.Code = .system) {
        self.init { number, _ in failing.contains(number) ? .failing(code) : .done }
    }

    var steps: [String] { entries.withLock { $0.steps } }
    /// Paths of secrets in the order in which they were asked for.
    var secretsRead: [String] { entries.withLock { $0.secrets } }
    /// Whether nothing is heard any more.
    var isLost: Bool { entries.withLock { $0.isLost } }

    /// What was done since the last call.
    func newSteps() -> [String] {
        entries.withLock { entries in
            defer { entries.steps = [] }
            return entries.steps
        }
    }

    func note(_ step: String) -> Fate {
        let number = entries.withLock { entries -> Int? in
            guard !entries.isLost else { return nil }
            entries.steps.append(step)
            return entries.steps.count
        }
        guard let number else { return .lost }
        // Unlocked: it may wait until others have done a step.
        let fate = fate(number, step)
        if fate == .lost || fate == .lostBehind { entries.withLock { $0.isLost = true } }
        return fate
    }

    func noteSecret(_ path: String) { entries.withLock { $0.secrets.append(path) } }

    /// What a rotation says stands between the steps, under its stage's name; it has no fate.
    func mark(_ event: ProgressEvent) {
        guard case .stage(let note) = event else { return }
        entries.withLock { $0.steps.append("stage \(note.stage)") }
    }
}
