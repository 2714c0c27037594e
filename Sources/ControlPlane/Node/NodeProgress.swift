// SPDX-License-Identifier: Apache-2.0

/// Takes what is said of one node.
package struct NodeProgress: Sendable {
    let node: String
    let send: @Sendable (ProgressEvent) -> Void

    package init(node: String, send: @escaping @Sendable (ProgressEvent) -> Void) {
        self.node = node
        self.send = send
    }

    /// Something has been done.
    package func callAsFunction(_ text: String) { send(.note(node: node, text)) }

    /// Something is being done from now on.
    package func step(_ text: String) { send(.step(node: node, text)) }
}
