// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import StateStore
import Values

/// One cluster's part of the page.
struct StatusPageCluster {
    /// Tables of more rows are folded.
    private static let openRows = 20

    private let report: StatusReport
    private let number: Int
    private var status: ClusterStatus { report.status }
    private var isLong: Bool { status.nodes.count > Self.openRows }

    /// - Parameter number: from 1; makes the names of its places on the page.
    init(_ report: StatusReport, number: Int) {
        self.report = report
        self.number = number
    }

    var markup: Markup {
        """
        <section class="cluster" id="c\(number)" aria-labelledby="c\(number)-name">
        <h2 id="c\(number)-name">\(status.cluster) \(StatusPage.badge(isFine: report.complaints.isEmpty))</h2>
        <p>\(StatusPage.words(report.verdict))</p>
        \(facts)\(attention)<h3>Expiry</h3>
        \(StatusTimeline(report, number: number).markup)<h3>Control planes</h3>
        \(Markup.details(heading("State"), isOpen: !isLong, servers))\(Markup.details(heading("Files"), isOpen: !isLong, matrix))\(flags)\(history)</section>

        """
    }

    private func heading(_ what: String) -> String {
        "\(what) of \(Message.count(status.nodes.count, "control plane"))"
    }

    // MARK: - The cluster

    private var facts: Markup {
        var facts: [(String, Markup)] = [("State directory", "<code>\(status.state)</code>")]
        if let spec = status.spec { facts.append(("Spec", "<code>\(spec)</code>")) }
        if let ca = status.authority {
            facts.append(
                (
                    "CA that signs",
                    "\(ca.subject), until \(end(ca.notAfter)), fingerprint \(Self.fingerprint(ca.fingerprintSHA256))"
                ))
        } else {
            facts.append(("CA that signs", "the state directory holds none"))
        }
        facts.append(("Rotation of the CA", "\(report.rotation ?? "none is open")"))
        if let change = status.lastChange {
            facts.append(("Last change", "\(change.entry.time), \(StatusReport.words(change))"))
        }
        if let timer = report.timer { facts.append(("Timer", "\(timer)")) }
        if let schedule = status.schedule, schedule.isInstalled {
            facts.append(("Timer's last run", "\(ScheduleReport(schedule).lines.last ?? "")"))
        }
        return "<dl>\n\(facts.map { "<div><dt>\($0)</dt><dd>\($1)</dd></div>\n" as Markup })</dl>\n"
    }

    private var attention: Markup {
        let items = report.remarks.map {
            "<li>\($0.text) <code>\($0.code)</code>\(StatusPage.hint($0.hint))</li>\n" as Markup
        }
        guard !items.isEmpty else { return "" }
        let list: Markup = "<ul>\n\(items)</ul>\n"
        let count = Message.count(items.count, "message").description
        return
            "<h3>Messages</h3>\n\(items.count > Self.openRows ? .details(count, isOpen: false, list) : list)"
    }

    private var flags: Markup {
        var groups: [(flags: NodeStatus.Flags, names: [String])] = []
        for node in status.nodes {
            guard let flags = node.flags else { continue }
            if let same = groups.firstIndex(where: { $0.flags == flags }) {
                groups[same].names.append(node.name)
            } else {
                groups.append((flags, [node.name]))
            }
        }
        guard !groups.isEmpty else { return "" }
        let parts = groups.map { group in
            let from = group.flags.source == .process ? "the running process" : "the unit's files"
            let path: Markup = group.flags.path.map { ", from <code>\($0)</code>" } ?? ""
            let lines = group.flags.arguments.map { "\($0)\n" as Markup }
            let label = "Flags of \(StatusTable.names(group.names)) of \(status.cluster)"
            return """
                <p>\(group.names.joined(separator: ", ")): flags of \(from)\(path)</p>
                <pre class="scroll" role="region" aria-label="\(label)" tabindex="0">\(lines.isEmpty ? ["none"] : lines)</pre>

                """ as Markup
        }
        return .details("Flags in effect", isOpen: groups.count > 1, "\(parts)")
    }

    private var history: Markup {
        guard !status.history.isEmpty else { return "" }
        let rows = status.history.reversed().map { entry -> [Markup] in
            [
                "<th scope=\"row\">\(entry.time)</th>", "<td>\(entry.words)</td>",
                "<td>\(entry.node ?? "")</td>", "<td>\(entry.because ?? "")</td>",
                "<td>\(entry.by ?? "not recorded")</td>",
            ]
        }
        return .details(
            "Ledger: the last \(rows.count == 1 ? "entry" : "\(rows.count) entries")", isOpen: false,
            .table(
                "Ledger of \(status.cluster), newest first", ["When", "What", "Control plane", "Why", "By"],
                Array(rows)))
    }

    // MARK: - The control planes

    private var servers: Markup {
        let rows = status.nodes.map { node -> [Markup] in
            let name: Markup = "<th scope=\"row\">\(node.name)</th>"
            if let problem = node.problem {
                return [
                    name, "<td colspan=\"6\">\(Self.mark("not read")) \("\(problem.message)" as String)</td>",
                ]
            }
            return [
                name, "<td>\(StatusTable.server(node))</td>",
                "<td>\(node.startedAt?.description ?? "not known")</td>",
                "<td>\(node.loopbackEnds.map(end) ?? "not known")</td>", "<td>\(loaded(node))</td>",
                "<td>\(node.drift.isEmpty ? "yes" : Self.mark("NO, \(Message.count(node.drift.count, "difference"))"))</td>",
                "<td>\(node.clockOffset == 0 ? "as ours" : "\(node.clockOffset) s ahead")</td>",
            ]
        }
        return .table(
            "Control planes of \(status.cluster)",
            [
                "Control plane", "API server", "Running since", "Its loopback certificate ends",
                "CA of its file loaded", "As the spec says", "Clock",
            ], rows)
    }

    private func loaded(_ node: NodeStatus) -> Markup {
        switch node.loaded {
        case .yes: "yes"
        case .missing(let subjects): "\(Self.mark("NO")) not loaded: \(subjects.joined(separator: ", "))"
        case .unknown(let blindness): "not known: \(blindness.text)"
        }
    }

    private var matrix: Markup { StatusPageMatrix(report).markup }

    // MARK: - Words

    /// A date, what is left until then, and a mark where that needs a look.
    private func end(_ time: UnixTime) -> Markup { Self.end(time, report) }

    static func end(_ time: UnixTime, _ report: StatusReport) -> Markup {
        let left = StatusTable.left(time, report.status.now)
        let words = report.urgency(time) == .fine ? "(\(left))" as Markup : mark(left.description)
        return "<time datetime=\"\(time.description)\">\(time.date)</time> \(words)"
    }

    /// What needs a look: by a sign and weight, not by colour alone.
    static func mark(_ text: String) -> Markup {
        "<strong class=\"mark\"><span aria-hidden=\"true\">≠ </span>\(text)</strong>"
    }

    /// Its beginning; the whole of it where one points at it.
    static func fingerprint(_ sha256: String) -> Markup {
        "<code title=\"SHA-256 \(sha256)\">\(String(sha256.prefix(12)))</code>"
    }
}
