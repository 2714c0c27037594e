// SPDX-License-Identifier: Apache-2.0

import Values

/// What is said of the APIs that extension API servers serve.
package enum ExtensionAPINote: Sendable, Equatable {
    case notListed(because: Message)
    /// One did not answer through a control plane before the change.
    case silentBefore(api: String, node: String, because: Message)
    case notSeen(node: String, because: Message)
    /// kubectl's user may not change the ConfigMap that extension API servers read.
    case configMapDeleted(client: Message)
}
