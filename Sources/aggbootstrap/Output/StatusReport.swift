// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Spec
import StateStore
import Values

/// A cluster's status for people: a table, what needs attention, and a last line that says how it is.
struct StatusReport {
    /// Something that needs attention, or is good to know.
    struct Remark: Equatable {
        /// Those that it is said of; empty where the text names one, or is of the cluster.
        var nodes: [String] = []
        let words: Message
        let code: String
        var hint: Message?

        var text: Message { nodes.isEmpty ? words : "\(StatusTable.names(nodes)): \(words)" }
    }

    let status: ClusterStatus
    private let warnBefore: RenewBefore?
    private let style: StatusTable.Style

    init(_ status: ClusterStatus, warnBefore: RenewBefore?, style: StatusTable.Style = .plain) {
        (self.status, self.warnBefore, self.style) = (status, warnBefore, style)
    }

    /// Certificates that end soon, as `--warn-before` says; without it those that have ended.
    private var ending: [(node: String, certificate: NodeStatus.Installed)] {
        status.ending(within: warnBefore?.seconds ?? 0)
    }

    /// Where kube-apiserver does not run.
    private var down: [String] { status.nodes.filter(\.isDown).map(\.name) }

    private var unread: [NodeStatus] { status.nodes.filter { $0.problem != nil } }

    var exitStatus: ExitStatus {
        if !unread.isEmpty { return .proofFailed }
        guard warnBefore != nil else { return .done }
        let isFine = !status.differs && ending.isEmpty && loopbacks.isEmpty && down.isEmpty
        return isFine ? .done : .proofFailed
    }

    var lines: [Message] {
        var lines: [Message] = ["cluster \(status.cluster), state \(status.state)", authority]
        if let rotation { lines.append(rotation) }
        if let change = status.lastChange {
            lines.append("last change: \(change.entry.time), \(Self.words(change))")
        }
        if let timer { lines.append("timer: \(timer)") }
        lines += [""] + StatusTable(status, style).lines + [""]
        let remarks = remarks.flatMap { remark -> [Message] in
            ["\(remark.text) [\(remark.code)]"] + (remark.hint.map { ["hint: \($0)"] } ?? [])
        }
        return lines + (remarks.isEmpty ? [] : remarks + [""]) + [verdict]
    }

    // MARK: - The cluster

    private var authority: Message {
        guard let ca = status.authority else { return "the state directory holds no CA" }
        let left = StatusTable.left(ca.notAfter, status.now)
        return "the CA that signs: \(ca.subject), until \(ca.notAfter.date) (\(left))"
    }

    /// nil where none is open.
    var rotation: Message? {
        guard let rotation = status.rotation else { return nil }
        let terms = rotation.terms
        let seen: Message = rotation.isOfAll ? "" : " as far as the control planes could be read"
        let stage: Message = rotation.stage.map { ", stage \($0.label) (\($0.rawValue))\(seen)" } ?? ""
        let begun: Message = "\(stage), begun at \(terms.since)"
        let aborted: Message = terms.aborted.map { ", aborted at \($0)" } ?? ""
        if let holder = rotation.holder {
            return
                "a CA rotation is in progress\(begun)\(aborted): process \(holder.process) on \(holder.host) has "
                + "worked on it since \(holder.since)"
        }
        let next: Message =
            switch (terms.direction, rotation.mayAbort) {
            case (.back, _): "finish the abort with aggbootstrap rotate --abort"
            case (.forward, true):
                "continue it with aggbootstrap rotate --ca, or abort it with aggbootstrap rotate --abort"
            case (.forward, false): "continue it with aggbootstrap rotate --ca; it cannot be aborted any more"
            }
        return "a CA rotation is open\(begun)\(aborted), and no process works on it now: \(next)"
    }

    /// nil where this machine's systemd could not be asked.
    var timer: Message? {
        guard let schedule = status.schedule else { return nil }
        return schedule.isInstalled
            ? ScheduleReport(schedule).next : "none on this machine; schedule install makes one"
    }

    /// What was done, where, and by whom.
    static func words(_ entry: LedgerEntry) -> Message { words(entry, entry.node.map { [$0] } ?? []) }

    static func words(_ change: LastChange) -> Message { words(change.entry, change.nodes) }

    private static func words(_ entry: LedgerEntry, _ nodes: [String]) -> Message {
        let by: Message = entry.by.map { " by \($0)" } ?? ""
        guard !nodes.isEmpty else { return entry.words + by }
        return "\(entry.words) (\(StatusTable.names(nodes)))\(by)"
    }

    // MARK: - What needs attention

    private static let notLoaded = "status/not-loaded"
    private static let off = "status/off"
    private static let rolledBack = "status/rolled-back"
    private static let loopbackCertificate = "status/loopback-certificate"

    private var loopbacks: [NodeStatus] {
        guard let warnBefore else { return [] }
        let limit = status.now.advanced(bySeconds: warnBefore.seconds)
        return status.nodes.filter { $0.loopbackEnds.map { $0 <= limit } ?? false }
    }

    /// What is the same of several nodes is said once.
    var remarks: [Remark] {
        let loopbacks = loopbacks.map {
            Remark(
                nodes: [$0.name],
                words: "kube-apiserver's own loopback certificate ends on \($0.loopbackEnds?.date ?? ""); "
                    + "a restart makes a new one",
                code: Self.loopbackCertificate)
        }
        var remarks: [Remark] = []
        for remark in status.nodes.flatMap(remarks(of:)) + loopbacks {
            let same = remarks.firstIndex {
                !$0.nodes.isEmpty && !remark.nodes.isEmpty
                    && ($0.words, $0.code, $0.hint) == (remark.words, remark.code, remark.hint)
            }
            if let same { remarks[same].nodes += remark.nodes } else { remarks.append(remark) }
        }
        if status.lastChange?.entry.event == "rollback-done", status.differs {
            remarks.append(
                Remark(
                    words:
                        "the last change was a rollback: the next init installs again what was rolled back",
                    code: Self.rolledBack))
        }
        return remarks
            + status.notices.map {
                Remark(words: "\($0.line)", code: $0.code, hint: $0.hint.map { "\($0)" })
            }
    }

    private func remarks(of node: NodeStatus) -> [Remark] {
        if node.isOff {
            let words: Message = "the aggregation layer is off; aggbootstrap init turns it on"
            return [Remark(nodes: [node.name], words: words, code: Self.off)]
        }
        var remarks: [Remark] = []
        if let problem = node.problem {
            remarks.append(
                Remark(
                    words: "\(problem.message)", code: problem.code, hint: problem.hint.map { "\($0)" }))
        }
        remarks += node.drift.map {
            Remark(nodes: [node.name], words: $0.text, code: $0.code, hint: $0.hint.map { "\($0)" })
        }
        if case .missing(let subjects) = node.loaded {
            remarks.append(
                Remark(
                    nodes: [node.name],
                    words: "kube-apiserver has not loaded \(list: subjects)",
                    code: Self.notLoaded))
        }
        return remarks + node.notices.map { Remark(nodes: [node.name], words: "\($0.line)", code: $0.code) }
    }

    /// How a certificate's end, or a loopback certificate's, is judged.
    func urgency(_ end: UnixTime) -> Urgency {
        if end <= status.now { return .ended }
        let limit = status.now.advanced(bySeconds: warnBefore?.seconds ?? 0)
        return end <= limit ? .soon : .fine
    }

    enum Urgency: String {
        case ended
        case soon
        case fine
    }

    /// What the last line says against the cluster; empty where it is fine.
    var complaints: [Message] {
        var parts: [Message] = []
        if !unread.isEmpty {
            parts.append("\(Message.count(unread.count, "control plane")) could not be read")
        }
        let ended = ending
        if !ended.isEmpty {
            let nodes = Message.count(Set(ended.map(\.node)).count, "control plane")
            let certificates = Message.count(ended.count, "certificate")
            let words: Message =
                switch (warnBefore?.text, ended.count) {
                case (nil, _): "\(certificates) on \(nodes) ended"
                case (let time?, 1): "\(certificates) on \(nodes) ends within \(time)"
                case (let time?, _): "\(certificates) on \(nodes) end within \(time)"
                }
            parts.append(words)
        }
        if !loopbacks.isEmpty {
            parts.append("\(Message.count(loopbacks.count, "API server")) should be restarted")
        }
        if !down.isEmpty { parts.append("kube-apiserver does not run on \(StatusTable.names(down))") }
        let off = status.nodes.count(where: \.isOff)
        if off > 0 { parts.append("\(Message.count(off, "control plane")) without the aggregation layer") }
        let different = status.nodes.count { $0.differs && $0.problem == nil && !$0.isOff }
        if different > 0 { parts.append("\(Message.count(different, "control plane")) not as the spec says") }
        if let rotation = status.rotation {
            parts.append(rotation.holder == nil ? "a CA rotation is open" : "a CA rotation is in progress")
        }
        return parts
    }

    /// The last line.
    var verdict: Message {
        complaints.isEmpty
            ? "fine: \(Message.count(status.nodes.count, "control plane")) as the spec says"
            : "look: \(complaints.joined(separator: "; "))"
    }
}
