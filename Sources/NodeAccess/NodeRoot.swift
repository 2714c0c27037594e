// SPDX-License-Identifier: Apache-2.0

/// Where a node's file tree begins: `/` on the machine itself, a directory for an offline tree.
package struct NodeRoot: Sendable, Equatable {
    /// Empty for the machine itself; else an absolute or relative directory without a trailing slash.
    package let prefix: String

    package static let machine = NodeRoot(prefix: "")

    package init(prefix: String) {
        self.prefix = prefix
    }

    /// The path by which this program reaches `nodePath`, which is absolute on the node.
    package func path(_ nodePath: String) -> String { prefix + nodePath }
}
