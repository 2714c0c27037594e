// SPDX-License-Identifier: Apache-2.0

/// What is said of the APIs that extension API servers serve.
package enum ExtensionAPINote: Sendable, Equatable {
    case notListed(because: String)
    /// One did not answer through a control plane before the change.
    case silentBefore(api: String, node: String, because: String)
    case notSeen(node: String, because: String)
    /// kubectl's user may not change the ConfigMap that extension API servers read.
    case configMapDeleted(client: String)
}
