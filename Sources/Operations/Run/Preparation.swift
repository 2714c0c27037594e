// SPDX-License-Identifier: Apache-2.0

import Planning
import Values

/// What was found and what to do about it.
package struct Preparation: Sendable {
    package let inventory: StateInventory
    package let observed: [ObservedNode]
    package internal(set) var plan: Plan
    /// Control planes that the run leaves alone, seen where another one must be restarted.
    let peers: [Peer]
    /// What a roll-back goes back to; nil where the spec says what is wanted.
    var rollback: RollbackPlanner.Result?
    /// What each node must be without; nil where the layer is not taken away.
    var removal: [RollbackPlanner.Target]?

    struct Peer: Sendable {
        let name: String
        let health: ControlPlaneHealth
        let isReached: Bool
    }

    /// Whether it is a roll-back, and not what the spec asks for.
    package var isRollback: Bool { rollback != nil }

    /// Whether the layer is taken away.
    package var isRemoval: Bool { removal != nil }

    /// Which way it goes.
    var cause: ChangeCause { rollback?.direction ?? .spec }

    /// Whether it takes an earlier roll-back back.
    package var goesForward: Bool { rollback?.direction == .forward }

    /// The first refusal as an error; nil where the plan may be applied.
    package var refusal: BootstrapError? {
        guard let first = plan.refusals.first else { return nil }
        let others = plan.refusals.dropFirst().map { "\(Self.prefix($0))\($0.message)" as Message }
        return BootstrapError(
            first.code, Self.prefix(first) + first.message, hint: first.hint, details: others)
    }

    private static func prefix(_ refusal: Refusal) -> Message { refusal.node.map { "\($0): " } ?? "" }
}
