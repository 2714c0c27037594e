// SPDX-License-Identifier: Apache-2.0

import Planning
import Spec
import Values

/// A plan as text for people: what is issued, each file's difference, reloads and restarts, and what to know.
struct PlanReport {
    private let plan: Plan
    private let unit: String
    private let aim: DivergenceTable.Aim

    init(_ plan: Plan, unit: String, aim: DivergenceTable.Aim = .spec) {
        self.plan = plan
        self.unit = unit
        self.aim = aim
    }

    /// Lines without line ends; private keys appear by their path only.
    var lines: [Message] {
        var lines = DivergenceTable(plan.nodes, aim).lines + encryptionLines + issueLines
        for node in plan.nodes where !node.isEmpty || node.restart == .leftStopped {
            lines += nodeLines(node)
        }
        if plan.isEmpty, plan.refusals.isEmpty {
            lines.append("nothing to change in cluster \(plan.cluster)")
        }
        if !plan.notices.isEmpty {
            if lines.last != "" { lines.append("") }
            lines += noticeLines
        }
        return lines
    }

    private var encryptionLines: [Message] {
        guard !plan.encrypts.isEmpty else { return [] }
        return ["private keys of the state directory to encrypt:"] + plan.encrypts.map { "  ~ \($0)" } + [""]
    }

    private var issueLines: [Message] {
        guard !plan.issues.isEmpty else { return [] }
        var lines: [Message] = ["certificates to issue:"]
        for issue in plan.issues {
            let profile = issue.profile
            let end: Message = issue.shortened ? " (ends with its CA)" : ""
            lines.append(
                "  + \(title(issue)): \(Self.subject(profile)), \(profile.key), \(issue.notBefore.date) to "
                    + "\(issue.notAfter.date)\(end)")
            if !profile.hosts.isEmpty {
                lines.append("      hosts: \(list: profile.hosts.map(\.description))")
            }
            if issue.reason != CertificateIssue.noneYet { lines.append("      because \(issue.reason)") }
            if let old = issue.replaces {
                lines.append(
                    "      replaces \(old.subject), until \(old.notAfter.date), SHA-256 \(old.fingerprintSHA256)"
                )
            }
        }
        return lines + [""]
    }

    private func title(_ issue: CertificateIssue) -> Message {
        switch issue.owner {
        case nil: "requestheader CA"
        case LeafOwner.shared: "proxy client certificate of all nodes"
        case .some(let node): "proxy client certificate of \(node)"
        }
    }

    /// `CN=aggregator,OU=System,...` as the profile words it; a CA's name gets its generation when its key is there.
    private static func subject(_ profile: CertificateProfile) -> String {
        let names = profile.names
        let name = profile.role == .ca ? "\(profile.commonName) <generation>" : profile.commonName
        let rest = [
            ("OU", names.organizationalUnit), ("O", names.organization), ("L", names.locality),
            ("ST", names.state), ("C", names.country),
        ]
        return (["CN=\(name)"] + rest.compactMap { key, value in value.map { "\(key)=\($0)" } })
            .joined(separator: ",")
    }

    private func nodeLines(_ node: NodePlan) -> [Message] {
        var lines: [Message] = ["\(node.name):"] + (node.heading.map { ["  \($0)"] } ?? [])
        if node.finishesTransaction { lines.append("  finish the interrupted change") }
        for file in node.files { lines += fileLines(file) }
        if node.daemonReload { lines.append("  systemctl daemon-reload") }
        switch node.restart {
        case .none: if node.isLive && !node.files.isEmpty { lines.append("  no restart of \(unit)") }
        case .needed(let why): lines.append("  restart \(unit): \(why)")
        case .leftStopped: lines.append("  \(unit) is stopped and stays stopped")
        }
        return lines + [""]
    }

    private func fileLines(_ file: FileChange) -> [Message] {
        let mode = String(file.mode, radix: 8)
        let owner = file.ownerIDs.map { " \($0[0]):\($0[1])" } ?? ""
        let mark =
            switch file.action {
            case .create: "+"
            case .replace: "~"
            case .setMetadata: "="
            case .remove: "-"
            }
        if file.action == .remove {
            return ["  - \(file.path) removed"] + Self.difference(file).map { "    \($0)" }
        }
        let head: Message = "  \(mark) \(file.path) 0\(mode)\(owner)"
        guard file.action != .setMetadata else {
            let before = file.before
            return [
                head
                    + " (mode and owner only, was 0\(String(before.mode, radix: 8)) \(before.userID):\(before.groupID))"
            ]
        }
        switch file.content {
        case .privateKey, .privateKeyCopy: return [head + " private key, not shown"]
        case .certificateToIssue: return [head + " new certificate, issued during the run"]
        case .certificate(let pem, let summary):
            let behind = Self.certificateCount(pem) - 1
            return [
                head
                    + " \(summary.subject), until \(summary.notAfter.date), SHA-256 \(summary.fingerprintSHA256)"
                    + (behind > 0 ? ", followed by \(Message.count(behind, "more certificate"))" : "")
            ]
        case .bundle(_, let summaries):
            return [head + " \(Message.count(summaries.count, "CA certificate")):"]
                + summaries.map {
                    "      \($0.subject), until \($0.notAfter.date), SHA-256 \($0.fingerprintSHA256)"
                }
        case .text, .nothing: return [head] + Self.difference(file).map { "    \($0)" }
        }
    }

    private static func certificateCount(_ pem: [UInt8]) -> Int {
        pem.split(separator: 0x0a).count { $0.starts(with: Array("-----BEGIN CERTIFICATE-----".utf8)) }
    }

    /// The unified difference of a text file, without a header; empty for anything else.
    ///
    /// Of a file that is removed only where its content was kept, which is that of a text.
    static func difference(_ file: FileChange) -> [String] {
        let bytes: [UInt8]
        switch file.content {
        case .text(let text): bytes = text
        case .nothing: bytes = []
        case .certificate, .bundle, .certificateToIssue, .privateKey, .privateKeyCopy: return []
        }
        return UnifiedDiff.lines(
            from: lines(of: file.before.content ?? []), to: lines(of: bytes), context: file.contextLines)
    }

    /// One line for what is the same on several nodes.
    private var noticeLines: [Message] {
        var nodes: [Message: [String]] = [:]
        var order: [Message] = []
        for notice in plan.notices {
            let message: Message = "\(notice.message)"
            if nodes[message] == nil { order.append(message) }
            nodes[message, default: []] += notice.node.map { [$0] } ?? []
        }
        return order.flatMap { message -> [Message] in
            let names = nodes[message] ?? []
            let details = plan.notices.first { message == "\($0.message)" as Message }?.details ?? []
            let note: Message =
                names.isEmpty ? "note: \(message)" : "note: \(list: names): \(message)"
            return [note]
                + details.map { "  \($0)" }
        }
    }

    private static func lines(of bytes: [UInt8]) -> [String] {
        // By bytes: a carriage return and a line feed are one Character.
        var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
            .map { printable(String(decoding: $0, as: UTF8.self)) }
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    /// What a terminal would act on, and what hides text or turns it round, is seen for what it is.
    private static func printable(_ line: String) -> String { SafeText.line(line, keepingTabs: true) }
}
