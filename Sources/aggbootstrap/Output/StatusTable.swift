// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Values

/// The table of a cluster's status: a row for each control plane, and one for all that are alike.
struct StatusTable {
    /// What the reader's screen can show.
    struct Style: Sendable {
        /// Columns of the terminal; nil where there is none.
        var columns: Int?
        /// Whether it shows more than ASCII.
        var hasBars = false
        /// Whether it goes to a file, which is in English.
        var isFile = false

        static let plain = Style()
    }

    /// Names of alike nodes in one row; of more, the first ones are named and the others counted.
    private static let namesInRow = 6
    private static let barCells = 10
    private static let heads: [Message] = [
        "CONTROL PLANE", "PROXY CLIENT", "LEFT", "CA", "LEFT", "API SERVER", "CA LOADED", "AS THE SPEC",
    ]

    private let status: ClusterStatus
    private let style: Style

    init(_ status: ClusterStatus, _ style: Style) { (self.status, self.style) = (status, style) }

    /// Finished, since the widths are those of one language.
    var lines: [Message] {
        let plain = lines(withBars: false)
        guard style.hasBars, let room = style.columns else { return plain.map(Message.init(verbatim:)) }
        let rich = lines(withBars: true)
        return (rich.allSatisfy { columns(of: $0) <= room } ? rich : plain).map(Message.init(verbatim:))
    }

    private func lines(withBars: Bool) -> [String] {
        var rows: [(names: [String], cells: [Message])] = []
        for node in status.nodes {
            let cells = cells(node, withBars: withBars)
            if let same = rows.firstIndex(where: { $0.cells == cells }) {
                rows[same].names.append(node.name)
            } else {
                rows.append(([node.name], cells))
            }
        }
        let all = [Self.heads] + rows.map { [Self.names($0.names)] + $0.cells }
        let texts = all.map { row in row.map { style.isFile ? $0.description : $0.shown } }
        let widths = Self.heads.indices.map { column in texts.map { columns(of: $0[column]) }.max() ?? 0 }
        return texts.map { row in
            zip(row, widths).map { $0.padded(to: $1) }.joined(separator: "  ").trimmingEnd
        }
    }

    /// All where they are few.
    static func names(_ names: [String]) -> Message {
        guard names.count > namesInRow else { return "\(list: names)" }
        let first = names.prefix(namesInRow / 2).joined(separator: ", ")
        return "\(first) and \(names.count - namesInRow / 2) more"
    }

    private func cells(_ node: NodeStatus, withBars: Bool) -> [Message] {
        guard node.problem == nil else { return ["not read", "", "", "", "", "", ""] }
        func ends(_ role: NodeStatus.Installed.Role) -> [Message] {
            let found = node.certificates.filter { $0.role == role }.map(\.certificate)
            guard let first = found.min(by: { $0.notAfter < $1.notAfter }) else { return ["none", ""] }
            let left = Self.left(first.notAfter, status.now)
            let bar = withBars ? Self.bar(first, status.now, cells: Self.barCells) + " " : ""
            let date = first.notAfter.date
            return [found.count > 1 ? "\(date) (of \(found.count))" : "\(date)", bar + left]
        }
        return ends(.proxyClient) + ends(.ca) + [
            Self.server(node), Self.loaded(node),
            node.isOff
                ? "NO, it is off"
                : node.drift.isEmpty ? "yes" : "NO, \(Message.count(node.drift.count, "difference"))",
        ]
    }

    // MARK: - Words of a table and of a page

    static func loaded(_ node: NodeStatus) -> Message {
        switch node.loaded {
        case .yes: "yes"
        case .missing: "NO"
        case .unknown: "not known"
        }
    }

    static func server(_ node: NodeStatus) -> Message {
        guard let server = node.server else {
            return node.unit.map { "\($0)" } ?? (node.loaded == .unknown(.offline) ? "offline" : "not found")
        }
        let version: Message = server.version.map { ", \($0)" } ?? ""
        return switch server.readiness {
        case .ready: "ready\(version)"
        case .notReady: "not ready\(version)"
        case .hidden: "running\(version)"
        case .unseen: "not known"
        }
    }

    /// The time from `now` to `end`, in days or hours.
    static func left(_ end: UnixTime, _ now: UnixTime) -> Message {
        let seconds = end.seconds - now.seconds
        guard seconds > 0 else { return "ended" }
        return seconds >= 2 * 86_400 ? "\(seconds / 86_400) d" : "\(seconds / 3600) h"
    }

    /// How much of its time a certificate has left, as a bar of eighths of a character; always `cells` wide.
    static func bar(_ certificate: CertificateSummary, _ now: UnixTime, cells: Int) -> String {
        let whole = certificate.notAfter.seconds - certificate.notBefore.seconds
        let rest = min(max(0, certificate.notAfter.seconds - now.seconds), max(0, whole))
        let steps = cells * 8
        // What has not ended has something left, and what has begun is no longer whole.
        let eighths = whole <= 0 ? 0 : Int((Double(rest) / Double(whole) * Double(steps)).rounded(.up))
        let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        let full = String(repeating: "█", count: eighths / 8) + partial
        return full + String(repeating: "░", count: cells - full.count)
    }
}
