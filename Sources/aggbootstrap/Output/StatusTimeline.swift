// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Values

/// When each certificate of a cluster ends, as a picture with its text: a bar for all that end on the same day.
struct StatusTimeline {
    private struct Row {
        let what: String
        var nodes: [String]
        let begin: UnixTime
        let end: UnixTime

        /// Where it is; the state's own CA is on no node.
        var label: String {
            switch nodes.count {
            case 0: "\(what), in the state directory"
            case 1: "\(what) of \(nodes[0])"
            default: "\(what) of \(nodes.count) control planes"
            }
        }
    }

    // In units of the picture, which is about as wide as a page's text.
    private static let (width, labels, rest, rowHeight) = (760, 280, 70, 26)
    /// More are named in one line below.
    private static let mostRows = 16
    private static let longestLabel = 38

    private let report: StatusReport
    private let number: Int
    private var now: UnixTime { report.status.now }

    init(_ report: StatusReport, number: Int) {
        self.report = report
        self.number = number
    }

    var markup: Markup {
        let all = rows
        guard let last = all.map(\.end).max() else { return "<p>There is no certificate.</p>\n" }
        let shown = Array(all.prefix(Self.mostRows))
        let height = (shown.count + 1) * Self.rowHeight + 20
        let scale = Scale(now: now, last: last)
        let name = "c\(number)-timeline"
        let hidden: Markup =
            all.count > shown.count
            ? "<p>\(Message.count(all.count - shown.count, "later end")) not shown.</p>\n" : ""
        return """
            <div class="scroll" role="region" aria-label="Expiry timeline of \(report.status.cluster)" tabindex="0">
            <svg class="timeline" viewBox="0 0 \(Self.width) \(height)" role="img" aria-labelledby="\(name) \(name)-text">
            <title id="\(name)">When the certificates of \(report.status.cluster) end</title>
            <desc id="\(name)-text">\(shown.map(sentence).joined(separator: " "))</desc>
            \(axis(scale, height))\(shown.enumerated().map { bar($1, at: $0, scale) })</svg>
            </div>
            \(hidden)
            """
    }

    private func sentence(_ row: Row) -> String {
        "\(row.label): \(row.end.date), \(StatusTable.left(row.end, now))."
    }

    // MARK: - Rows

    /// The first to end come first.
    private var rows: [Row] {
        var rows: [Row] = []
        func add(_ what: String, _ node: String, _ begin: UnixTime, _ end: UnixTime) {
            if let same = rows.firstIndex(where: { $0.what == what && $0.end.date == end.date }) {
                if !rows[same].nodes.contains(node) { rows[same].nodes.append(node) }
            } else {
                rows.append(Row(what: what, nodes: [node], begin: begin, end: end))
            }
        }
        for node in report.status.nodes {
            for installed in node.certificates {
                let certificate = installed.certificate
                let what = installed.role == .ca ? "CA" : "Proxy client"
                add(what, node.name, certificate.notBefore, certificate.notAfter)
            }
            if let start = node.startedAt, let end = node.loopbackEnds {
                add("Loopback certificate", node.name, start, end)
            }
        }
        let onNodes = report.status.nodes.flatMap(\.certificates).map(\.certificate.fingerprintSHA256)
        if let ca = report.status.authority, !onNodes.contains(ca.fingerprintSHA256) {
            rows.append(Row(what: "CA that signs", nodes: [], begin: ca.notBefore, end: ca.notAfter))
        }
        return rows.sorted { ($0.end, $0.label) < ($1.end, $1.label) }
    }

    // MARK: - The picture

    /// From a little before now to the last end.
    private struct Scale {
        let first: UnixTime
        let last: UnixTime

        init(now: UnixTime, last: UnixTime) {
            let span = max(86_400, last.seconds - now.seconds)
            first = now.advanced(bySeconds: -span / 20)
            self.last = now.advanced(bySeconds: span)
        }

        func x(_ time: UnixTime) -> Int {
            let room = Double(StatusTimeline.width - StatusTimeline.labels - StatusTimeline.rest)
            let part = Double(time.seconds - first.seconds) / Double(last.seconds - first.seconds)
            return StatusTimeline.labels + Int(min(max(0, part), 1) * room)
        }
    }

    private func axis(_ scale: Scale, _ height: Int) -> Markup {
        let (bottom, ticks) = (height - 22, 4)
        let lines = (1...ticks).map { tick in
            let seconds = (scale.last.seconds - now.seconds) * Int64(tick) / Int64(ticks)
            let time = now.advanced(bySeconds: seconds)
            let x = scale.x(time)
            return """
                <line class="grid" x1="\(x)" x2="\(x)" y1="20" y2="\(bottom)"/><text class="tick" x="\(x)" y="\(height - 6)">\(time.date)</text>

                """ as Markup
        }
        let x = scale.x(now)
        return """
            \(lines)<line class="now" x1="\(x)" x2="\(x)" y1="16" y2="\(bottom)"/><text class="tick" x="\(x)" y="12">now</text>

            """
    }

    private func bar(_ row: Row, at index: Int, _ scale: Scale) -> Markup {
        let top = index * Self.rowHeight + 22
        let (left, right) = (scale.x(row.begin), scale.x(row.end))
        let label =
            row.label.count > Self.longestLabel
            ? String(row.label.prefix(Self.longestLabel - 1)) + "…" : row.label
        let kind = report.urgency(row.end)
        return """
            <g class="\(kind.rawValue)"><title>\(sentence(row))</title><text x="0" y="\(top + 15)">\(label)</text>
            <rect x="\(left)" y="\(top + 3)" width="\(max(3, right - left))" height="16" rx="3"/>
            <text x="\(Self.width - Self.rest + 8)" y="\(top + 15)">\(StatusTable.left(row.end, now))</text></g>

            """
    }
}
