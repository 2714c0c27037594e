// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Spec
import Values

/// A plan as JSON; private keys appear by their path only.
struct PlanDocument: Encodable {
    struct Issue: Encodable {
        let owner: String?
        let role: String
        let commonName: String
        let key: String
        let hosts: [String]
        let notBefore: String
        let notAfter: String
        let endsWithCA: Bool
        let reason: String
        let replacesSHA256: String?
    }

    struct File: Encodable {
        let path: String
        let action: String
        let content: String
        let mode: String
        let sha256Before: String?
        let certificateSHA256: String?
        let diff: [String]?
    }

    struct Node: Encodable {
        let name: String
        let files: [File]
        let daemonReload: Bool
        let restart: String
        let restartReason: String?
    }

    struct Remark: Encodable {
        let code: String
        let node: String?
        let message: String
        let hint: String?
        /// Lines that belong to the message; left out where it has none.
        var details: [String]?
    }

    let schemaVersion = JSONText.schemaVersion
    let cluster: String
    let isEmpty: Bool
    let encryptsKeys: [String]
    let issues: [Issue]
    let nodes: [Node]
    let refusals: [Remark]
    let notices: [Remark]

    init(_ plan: Plan) {
        cluster = plan.cluster
        isEmpty = plan.isEmpty
        encryptsKeys = plan.encrypts
        issues = plan.issues.map(Self.issue)
        nodes = plan.nodes.map(Self.node)
        refusals = plan.refusals.map {
            Remark(
                code: $0.code, node: $0.node, message: "\($0.message)", hint: "\($0.hint)")
        }
        notices = plan.notices.map { notice in
            let details = notice.details.map { "\($0)" }
            return Remark(
                code: notice.code, node: notice.node, message: "\(notice.message)", hint: nil,
                details: details.isEmpty ? nil : details)
        }
    }

    func json() throws -> String { try JSONText.of(self) }

    private static func issue(_ issue: CertificateIssue) -> Issue {
        Issue(
            owner: issue.owner, role: issue.owner == nil ? "ca" : "proxyClient",
            commonName: issue.profile.commonName, key: issue.profile.key.description,
            hosts: issue.profile.hosts.map(\.description), notBefore: issue.notBefore.description,
            notAfter: issue.notAfter.description, endsWithCA: issue.shortened, reason: "\(issue.reason)",
            replacesSHA256: issue.replaces?.fingerprintSHA256)
    }

    private static func node(_ node: NodePlan) -> Node {
        let (restart, reason): (String, String?) =
            switch node.restart {
            case .none: ("none", nil)
            case .needed(let why): ("needed", "\(why)")
            case .leftStopped: ("left-stopped", nil)
            }
        return Node(
            name: node.name, files: node.files.map(file), daemonReload: node.daemonReload, restart: restart,
            restartReason: reason)
    }

    private static func file(_ file: FileChange) -> File {
        let action =
            switch file.action {
            case .create: "create"
            case .replace: "replace"
            case .setMetadata: "set-metadata"
            case .remove: "remove"
            }
        var (content, fingerprint, diff) = ("text", String?.none, [String]?.none)
        switch file.content {
        case .text: diff = PlanReport.difference(file)
        case .certificate(_, let summary): (content, fingerprint) = ("certificate", summary.fingerprintSHA256)
        case .bundle(_, let summaries):
            (content, fingerprint) = ("bundle", summaries.first?.fingerprintSHA256)
        case .certificateToIssue: content = "certificate-to-issue"
        case .privateKey, .privateKeyCopy: content = "private-key"
        case .nothing: (content, diff) = ("nothing", PlanReport.difference(file))
        }
        return File(
            path: file.path, action: action, content: content, mode: "0" + String(file.mode, radix: 8),
            // Of a file that is removed it may be a key's.
            sha256Before: ["private-key", "nothing"].contains(content) ? nil : file.before.sha256,
            certificateSHA256: fingerprint,
            diff: diff)
    }
}

/// What a changing command has done, as JSON.
struct ResultDocument: Encodable {
    struct Changes: Encodable {
        let keysEncrypted: Int
        let certificatesIssued: Int
        let filesWritten: Int
        let filesRemoved: Int
        let restarts: Int
    }

    /// What became of one node: `unchanged`, `changed`, `failed`, `untouched` or `taken-back`.
    struct Node: Encodable {
        let name: String
        let result: String
        let filesWritten: Int
        let filesRemoved: Int
        let restarted: Bool
        let error: Failure?
        /// As `verify` has them; empty where nothing was proved.
        let proofs: [ProofReport.Document.Entry]
        let certificates: [ProofReport.Document.Installed]

        init(_ name: String, _ result: ApplyOutcome.Node, _ proved: ProofReport.Document.Node?) {
            (proofs, certificates) = (proved?.proofs ?? [], proved?.certificates ?? [])
            self.name = name
            var (word, files, removed, restarted) = ("unchanged", 0, 0, false)
            var error: Failure?
            switch result {
            case .unchanged: break
            case .changed(let written, let gone, let again):
                (word, files, removed, restarted) = ("changed", written, gone, again)
            case .failed(let failure): (word, error) = ("failed", Failure(failure))
            case .untouched: word = "untouched"
            case .notBegun(let cause): (word, error) = ("untouched", Failure(cause))
            case .takenBack: word = "taken-back"
            }
            (self.result, self.error) = (word, error)
            (filesWritten, filesRemoved, self.restarted) = (files, removed, restarted)
        }
    }

    struct Failure: Encodable {
        let code: String
        let message: String
        let hint: String?
        let details: [String]
        /// Whether the node is as it was before.
        let isAsBefore: Bool

        init(_ error: BootstrapError) {
            (code, message, hint) = (error.code, "\(error.message)", error.hint.map { "\($0)" })
            (details, isAsBefore) = (error.details.map { "\($0)" }, error.status != .mixed)
        }
    }

    let schemaVersion = JSONText.schemaVersion
    let plan: PlanDocument
    let changes: Changes
    let nodes: [Node]

    init(_ plan: Plan, _ outcome: ApplyOutcome, _ proofs: [NodeProofs]) {
        self.plan = PlanDocument(plan)
        changes = Changes(
            keysEncrypted: outcome.keysEncrypted, certificatesIssued: outcome.issued,
            filesWritten: outcome.filesWritten, filesRemoved: outcome.filesRemoved, restarts: outcome.restarts
        )
        let proved = ProofReport(proofs).document.nodes
        // Where nothing was due, nothing was begun either.
        let results =
            outcome.nodes.isEmpty ? plan.nodes.map { ($0.name, .unchanged) } : outcome.nodes
        nodes = results.map { name, result in Node(name, result, proved.first { $0.name == name }) }
    }

    func json() throws -> String { try JSONText.of(self) }
}
