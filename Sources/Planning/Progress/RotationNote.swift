// SPDX-License-Identifier: Apache-2.0

/// What a CA's rotation says before it is at a stage, or when it has none any more.
package enum RotationNote: Sendable, Equatable {
    /// When the open one was begun.
    case continues(since: String)
    case aborts(since: String)
    /// No control plane was changed.
    case abortedBeforeNewCA
    /// A CA that was dropped before is trusted again.
    case replacesDropped(subject: String)
}
