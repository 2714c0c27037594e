// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Of several runs at once, whose step is next: a seeded draw each time, so that their steps interleave in hundreds of ways.
final class Turns: @unchecked Sendable {
    // Everything below is used with the condition locked.
    private let condition = NSCondition()
    private var random: SeededGenerator
    private var running: [Int]
    private var next = 0

    init(_ runs: Int, seed: Int) {
        (random, running) = (SeededGenerator(seed: UInt64(seed)), Array(0..<runs))
        draw()
    }

    private func draw() { next = running.randomElement(using: &random) ?? 0 }

    /// Waits until a run may do its next step; it blocks, so each run has threads of its own.
    func take(_ run: Int) {
        condition.lock()
        while next != run { condition.wait() }
        draw()
        condition.broadcast()
        condition.unlock()
    }

    /// A run has ended: nobody waits for it any more.
    func end(_ run: Int) {
        condition.lock()
        running.removeAll { $0 == run }
        draw()
        condition.broadcast()
        condition.unlock()
    }
}
