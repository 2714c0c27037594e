// SPDX-License-Identifier: Apache-2.0

/// What was not judged of a tree, because it has only a part of a node's files.
package enum LintGap: Sendable, Hashable {
    /// kube-apiserver's flags: neither a unit nor a manifest is there, as in a tree of certificates for a kube-apiserver
    /// that systemd does not run.
    case flags
    /// The client CA: its file on the node is not in a tree that has none but the aggregation layer's files.
    case clientCA(String)
}
