// SPDX-License-Identifier: Apache-2.0

/// What a finding means for who must decide.
package enum FindingSeverity: String, Sendable, CaseIterable {
    /// kube-apiserver does not start, the aggregation layer does not work, or it is not safe.
    case error
    /// It works, and will not for long, not everywhere, or not as its author may think.
    case warning
}
