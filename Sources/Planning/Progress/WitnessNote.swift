// SPDX-License-Identifier: Apache-2.0

import Values

/// What is said of looking at pairs from outside.
package enum WitnessNote: Sendable, Equatable {
    /// API objects of a killed canary, by their names.
    case cleared([String])
    /// Nobody can see which pair an aggregator presents.
    case presentedNotSeen(because: Message)
    /// Whether a node's new pair is still taken.
    case acceptanceNotSeen(node: String, because: Message)
}
