// SPDX-License-Identifier: Apache-2.0

import Planning

/// Takes what is said of one node.
package struct NodeProgress: Sendable {
    let node: String
    let send: @Sendable (ProgressEvent) -> Void

    package init(node: String, send: @escaping @Sendable (ProgressEvent) -> Void) {
        self.node = node
        self.send = send
    }

    /// Something has been done.
    package func callAsFunction(_ note: NodeNote) { send(.note(node: node, note)) }

    /// Something is being done from now on.
    package func step(_ step: NodeStep) { send(.step(node: node, step)) }
}
