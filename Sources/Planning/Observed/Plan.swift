// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// Everything that one run would change, in the order in which it would change it.
package struct Plan: Sendable, Equatable {
    package var cluster: String
    /// Private keys of the state that are put under its passphrase, relative to the state directory.
    package var encrypts: [String]
    package var issues: [CertificateIssue]
    package var nodes: [NodePlan]
    /// Why nothing may be changed at all; empty where it may.
    package var refusals: [Refusal]
    /// What the operator should know besides.
    package var notices: [Notice]

    package init(
        cluster: String, encrypts: [String] = [], issues: [CertificateIssue], nodes: [NodePlan],
        refusals: [Refusal], notices: [Notice]
    ) {
        self.cluster = cluster
        self.encrypts = encrypts
        self.issues = issues
        self.nodes = nodes
        self.refusals = refusals
        self.notices = notices
    }

    /// Whether there is nothing to encrypt, issue, write, reload or restart.
    package var isEmpty: Bool { encrypts.isEmpty && issues.isEmpty && nodes.allSatisfy(\.isEmpty) }

    /// Whether private keys of the state are read: to sign with, or to install.
    package var readsPrivateKeys: Bool {
        !issues.isEmpty
            || nodes.contains { node in
                node.files.contains { file in
                    if case .privateKey = file.content { file.action != .setMetadata } else { false }
                }
            }
    }
}

extension Plan {
    /// Whether kube-apiserver takes all of it while it runs: nothing but certificates that it has already are replaced,
    /// and it is one that reads them again.
    package func isTakenWithoutRestart(spec: ClusterSpec) -> Bool {
        if let version = spec.kubernetesVersion, version < KubernetesVersion.rereadsCertificates {
            return false
        }
        return nodes.flatMap(\.files).allSatisfy { file in
            if file.action == .setMetadata { return true }
            guard file.action == .replace else { return false }
            switch file.content {
            case .certificate, .bundle, .certificateToIssue, .privateKey, .privateKeyCopy: return true
            case .text, .nothing: return false
            }
        }
    }
}

extension Plan {
    /// Whether the other one, made a moment later, is the same but for the times of what must be issued.
    package func isSame(as other: Plan) -> Bool {
        nodes == other.nodes && encrypts == other.encrypts && refusals == other.refusals
            && issues.map(\.owner) == other.issues.map(\.owner)
            && issues.map(\.profile) == other.issues.map(\.profile)
    }
}
