// SPDX-License-Identifier: Apache-2.0

import Planning
import StateStore

/// The CAs that an open rotation is about.
struct RotationGenerations {
    let keep: CAGeneration
    let retire: [CAGeneration]

    /// Those that are trusted in between, the newest first whichever way it goes: a bundle that was written on the
    /// way there is the same on the way back.
    var both: [CAGeneration] {
        func order(_ generation: CAGeneration) -> (Int, String) {
            (StateDirectory.number(generation.id) ?? 0, generation.id)
        }
        return ([keep] + retire).sorted { order($0) > order($1) }
    }
}
