// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Spec
import Values

/// A cluster's status for people: a table, what needs attention, and a last line that says how it is.
struct StatusReport {
    private let status: ClusterStatus
    private let warnBefore: RenewBefore?

    init(_ status: ClusterStatus, warnBefore: RenewBefore?) {
        (self.status, self.warnBefore) = (status, warnBefore)
    }

    /// Certificates that end soon, as `--warn-before` says; without it those that have ended.
    private var ending: [(node: String, certificate: NodeStatus.Installed)] {
        status.ending(within: warnBefore?.seconds ?? 0)
    }

    private var unread: [NodeStatus] { status.nodes.filter { $0.problem != nil } }

    var exitStatus: ExitStatus {
        if !unread.isEmpty { return .proofFailed }
        guard warnBefore != nil else { return .done }
        return status.differs || !ending.isEmpty || !loopbacks.isEmpty ? .proofFailed : .done
    }

    var lines: [String] {
        var lines = ["cluster \(status.cluster), state \(status.state)"]
        if let ca = status.authority {
            lines.append("the CA that signs: \(ca.subject), until \(ca.notAfter.date) (\(left(ca.notAfter)))")
        } else {
            lines.append("the state directory holds no CA")
        }
        if let rotation = status.rotation {
            lines.append(
                "a rotation of the CA is open since \(rotation.since)"
                    + (rotation.direction == .back ? ", and is being aborted" : ""))
        }
        if let change = status.lastChange { lines.append("last change: \(change.time), \(change.event)") }
        if let schedule = status.schedule { lines.append(timer(schedule)) }
        return lines + [""] + table + remarks + [last]
    }

    private func timer(_ schedule: ScheduleStatus) -> String {
        schedule.isInstalled
            ? "timer: \(ScheduleReport(schedule).next)"
            : "timer: none on this machine; schedule install makes one"
    }

    private static let notLoaded = "status/not-loaded"
    private static let loopbackCertificate = "status/loopback-certificate"

    // MARK: - The table

    private static let heads = [
        "CONTROL PLANE", "PROXY CLIENT", "LEFT", "CA", "LEFT", "API SERVER", "CA LOADED", "AS THE SPEC",
    ]

    private var table: [String] {
        var rows: [(names: [String], cells: [String])] = []
        for node in status.nodes {
            let cells = cells(node)
            if let same = rows.firstIndex(where: { $0.cells == cells }) {
                rows[same].names.append(node.name)
            } else {
                rows.append(([node.name], cells))
            }
        }
        let all = [Self.heads] + rows.map { [$0.names.joined(separator: ", ")] + $0.cells }
        let widths = Self.heads.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
                .trimmingEnd
        } + [""]
    }

    private func cells(_ node: NodeStatus) -> [String] {
        guard node.problem == nil else { return ["not read", "", "", "", "", "", ""] }
        func ends(_ role: NodeStatus.Installed.Role) -> [String] {
            let found = node.certificates.filter { $0.role == role }.map(\.certificate)
            guard let first = found.min(by: { $0.notAfter < $1.notAfter }) else { return ["none", ""] }
            return [
                first.notAfter.date + (found.count > 1 ? " (of \(found.count))" : ""), left(first.notAfter),
            ]
        }
        let loaded =
            switch node.loaded {
            case .yes: "yes"
            case .missing: "NO"
            case .unknown: "not known"
            }
        return ends(.proxyClient) + ends(.ca) + [
            server(node), loaded,
            node.drift.isEmpty ? "yes" : "NO, \(Summary.count(node.drift.count, "difference"))",
        ]
    }

    private func server(_ node: NodeStatus) -> String {
        guard let server = node.server else { return node.unit ?? "offline" }
        let version = server.version.map { ", \($0)" } ?? ""
        return switch server.readiness {
        case .ready: "ready\(version)"
        case .notReady: "not ready\(version)"
        case .hidden: "running\(version)"
        case .unseen: "not known"
        }
    }

    private func left(_ end: UnixTime) -> String {
        let seconds = end.seconds - status.now.seconds
        guard seconds > 0 else { return "ended" }
        return seconds >= 2 * 86_400 ? "\(seconds / 86_400) d" : "\(seconds / 3600) h"
    }

    // MARK: - What needs attention

    private var loopbacks: [NodeStatus] {
        guard let warnBefore else { return [] }
        let limit = status.now.advanced(bySeconds: warnBefore.seconds)
        return status.nodes.filter { $0.loopbackEnds.map { $0 <= limit } ?? false }
    }

    private var remarks: [String] {
        var lines: [String] = []
        for node in status.nodes {
            if let problem = node.problem {
                lines.append("\(problem.message) [\(problem.code)]")
                if let hint = problem.hint { lines.append("hint: \(hint)") }
            }
            lines += node.drift.map { "\(node.name): \($0.text) [\($0.code)]" }
            if case .missing(let subjects) = node.loaded {
                lines.append(
                    "\(node.name): kube-apiserver has not loaded \(subjects.joined(separator: ", ")) [\(Self.notLoaded)]"
                )
            }
            lines += node.notices.map { "\(node.name): \($0.message) [\($0.code)]" }
        }
        lines += loopbacks.map {
            "\($0.name): kube-apiserver's own loopback certificate ends on \($0.loopbackEnds?.date ?? ""); a restart makes a new "
                + "one [\(Self.loopbackCertificate)]"
        }
        lines += status.notices.map { "\($0.message) [\($0.code)]" }
        return lines.isEmpty ? [] : lines + [""]
    }

    private var last: String {
        var parts: [String] = []
        if !unread.isEmpty {
            parts.append("\(Summary.count(unread.count, "control plane")) could not be read")
        }
        let ended = ending
        if !ended.isEmpty {
            let nodes = Set(ended.map(\.node)).count
            parts.append(
                "\(Summary.count(ended.count, "certificate")) on \(Summary.count(nodes, "control plane")) "
                    + (warnBefore.map { "\(ended.count == 1 ? "ends" : "end") within \($0.text)" } ?? "ended")
            )
        }
        if !loopbacks.isEmpty {
            parts.append("\(Summary.count(loopbacks.count, "API server")) should be restarted")
        }
        let different = status.nodes.count { $0.differs && $0.problem == nil }
        if different > 0 { parts.append("\(Summary.count(different, "control plane")) not as the spec says") }
        if status.rotation != nil { parts.append("a CA rotation is open") }
        return parts.isEmpty
            ? "fine: \(Summary.count(status.nodes.count, "control plane")) as the spec says"
            : "look: \(parts.joined(separator: "; "))"
    }
}

extension String {
    /// Without blanks at its end.
    fileprivate var trimmingEnd: String {
        var text = self
        while text.hasSuffix(" ") { text.removeLast() }
        return text
    }
}
