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

/// A certificate that is to be issued.
package struct CertificateIssue: Sendable, Equatable {
    /// nil for the CA.
    package var owner: String?
    package var profile: CertificateProfile
    package var reason: String
    /// What is printed, and what is signed.
    package var validity: CertificateValidity
    /// Whether it ends with its CA, since its own validity would reach at least as far.
    package var shortened: Bool
    /// What it replaces.
    package var replaces: CertificateSummary?

    package init(
        owner: String?, profile: CertificateProfile, reason: String, validity: CertificateValidity,
        shortened: Bool, replaces: CertificateSummary?
    ) {
        self.owner = owner
        self.profile = profile
        self.reason = reason
        self.validity = validity
        self.shortened = shortened
        self.replaces = replaces
    }

    package var notBefore: UnixTime { validity.notBefore }
    package var notAfter: UnixTime { validity.notAfter }
}

extension Plan {
    /// Whether the other one, made a moment later, is the same but for the times of what is to be issued.
    package func isSame(as other: Plan) -> Bool {
        nodes == other.nodes && encrypts == other.encrypts && refusals == other.refusals
            && issues.map(\.owner) == other.issues.map(\.owner)
            && issues.map(\.profile) == other.issues.map(\.profile)
    }
}

/// The changes on one node.
package struct NodePlan: Sendable, Equatable {
    package var name: String
    /// Whether it is a running node and not an offline tree.
    package var isLive: Bool
    /// Whether the certificate directory is missing.
    package var makesDirectory: Bool
    package var files: [FileChange]
    package var daemonReload: Bool
    package var restart: Restart
    /// Whether a change that a killed run left open has to be brought to its end.
    package var finishesTransaction: Bool
    /// Directories that are removed at the end where nothing is left in them, outermost first.
    package var removesDirectories: [String] = []
    /// Whether an API server that serves may afterwards show its readiness to none of our credentials: it loses the
    /// one that it knew us by.
    package var mayHideReadiness = false
    /// What the change is, where it is not what the spec asks for; nil for that.
    package var heading: String?

    package enum Restart: Sendable, Equatable {
        case none
        /// The API server runs without the wanted flags.
        case needed(String)
        /// It is stopped and stays so.
        case leftStopped
    }

    package init(
        name: String, isLive: Bool, makesDirectory: Bool = false, files: [FileChange] = [],
        daemonReload: Bool = false,
        restart: Restart = .none, finishesTransaction: Bool = false
    ) {
        self.name = name
        self.isLive = isLive
        self.makesDirectory = makesDirectory
        self.files = files
        self.daemonReload = daemonReload
        self.restart = restart
        self.finishesTransaction = finishesTransaction
    }

    package var restarts: Bool {
        if case .needed = restart { return true }
        return false
    }

    package var isEmpty: Bool {
        files.isEmpty && !makesDirectory && !daemonReload && !restarts && !finishesTransaction
    }
}

/// One file that is to be written, or only given its mode and owner, or removed.
package struct FileChange: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        case text([UInt8])
        /// A certificate that is known, with its summary.
        case certificate([UInt8], CertificateSummary)
        /// Certificates of CAs, with their summaries in the same order.
        case bundle([UInt8], [CertificateSummary])
        /// A certificate that this run issues first.
        case certificateToIssue
        /// The private key of an owner's leaf in the state directory.
        case privateKey(owner: String)
        /// A private key of which the node keeps a copy, and the SHA-256 of it.
        case privateKeyCopy(path: String, sha256: String)
        /// The file is removed.
        case nothing
    }

    package enum Action: Sendable, Equatable {
        case create
        case replace
        /// The content is right; mode or owner is not.
        case setMetadata
        case remove
    }

    package var path: String
    package var action: Action
    package var content: Content
    package var before: ObservedFile
    package var mode: UInt32
    /// User id and group id; nil leaves the writer's.
    package var ownerIDs: [UInt32]?
    /// Unchanged lines that a difference shows around a change.
    package var contextLines: Int

    package init(
        path: String, action: Action, content: Content, before: ObservedFile, mode: UInt32,
        ownerIDs: [UInt32]?, contextLines: Int = 3
    ) {
        self.contextLines = contextLines
        self.path = path
        self.action = action
        self.content = content
        self.before = before
        self.mode = mode
        self.ownerIDs = ownerIDs
    }
}

/// Why nothing is changed, and what to do about it.
package struct Refusal: Error, Sendable, Equatable {
    /// Stable, for example `plan/foreign-ca`.
    package var code: String
    package var node: String?
    package var message: String
    package var hint: String

    package init(code: String, node: String?, message: String, hint: String) {
        self.code = code
        self.node = node
        self.message = message
        self.hint = hint
    }
}

/// Something that the operator should know, which stops nothing.
package struct Notice: Sendable, Equatable {
    package var code: String
    package var node: String?
    package var message: String

    package init(code: String, node: String?, message: String) {
        self.code = code
        self.node = node
        self.message = message
    }
}
