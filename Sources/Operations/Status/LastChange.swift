// SPDX-License-Identifier: Apache-2.0

import StateStore

/// The newest entry of the ledger that is about a change, with all nodes that had it in the same run.
package struct LastChange: Sendable {
    package let entry: LedgerEntry
    /// In the order in which they were changed; empty where it is about none.
    package let nodes: [String]

    /// What copies the state, and changes neither it nor a node.
    private static let copies = ["exported-state", "imported-state"]

    /// - Parameter history: oldest first.
    init?(_ history: [LedgerEntry]) {
        guard let last = history.lastIndex(where: { !Self.copies.contains($0.event) }) else { return nil }
        entry = history[last]
        var nodes: [String] = []
        for earlier in history[...last].reversed() {
            guard let node = earlier.node, nodes.isEmpty || earlier.run != nil, earlier.run == entry.run
            else { break }
            if earlier.event == entry.event {
                if nodes.contains(node) { break }
                nodes.append(node)
            } else if !earlier.event.hasSuffix("-begin") {
                break
            }
        }
        self.nodes = nodes.reversed()
    }
}
