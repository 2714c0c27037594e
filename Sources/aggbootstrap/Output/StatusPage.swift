// SPDX-License-Identifier: Apache-2.0

import Operations
import UnitTemplates
import Values

/// The status of clusters as one HTML page. It needs no other file, no network and no script.
struct StatusPage {
    private let report: FleetReport

    init(_ report: FleetReport) { self.report = report }

    var text: String {
        let sections = report.clusters.enumerated().map { StatusPageCluster($1, number: $0 + 1).markup }
        let page: Markup = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
            <link rel="icon" href="data:,">
            <title>\(title)</title>
            <style>
            \(Markup(trusted: UnitTemplates.statusPageStyle))</style>
            </head>
            <body>
            <a class="skip" href="#main">Skip to the clusters</a>
            <header>
            <h1>\(title)</h1>
            <p>\(Self.badge(isFine: isFine)) \(Self.words(report.verdict))</p>
            <p class="muted">Read at <time datetime="\(time)">\(time)</time> by aggbootstrap \(VersionCommand.number). All times are UTC.</p>
            </header>
            \(navigation)<main id="main" tabindex="-1">
            \(failures)\(sections)</main>
            </body>
            </html>

            """
        return page.text
    }

    /// What is fine and what needs a look, by a mark and a word, not by colour alone.
    static func badge(isFine: Bool) -> Markup {
        isFine
            ? "<strong class=\"badge ok\"><span aria-hidden=\"true\">✓</span> fine</strong>"
            : "<strong class=\"badge bad\"><span aria-hidden=\"true\">✗</span> look</strong>"
    }

    /// A last line without its first word, which a badge has said.
    static func words(_ verdict: Message) -> String {
        let verdict = verdict.description
        return verdict.firstIndex(of: " ").map { String(verdict[$0...].dropFirst()) } ?? verdict
    }

    private var isFine: Bool {
        report.fleet.failures.isEmpty && report.clusters.allSatisfy(\.complaints.isEmpty)
    }

    private var time: String { report.fleet.now.description }

    private var title: String {
        guard report.clusters.count == 1, !report.fleet.isFleet else {
            return "Aggregation layer of \(Message.count(report.clusters.count, "cluster"))"
        }
        return "Aggregation layer of cluster \(report.clusters[0].status.cluster)"
    }

    private var navigation: Markup {
        guard report.clusters.count > 1 else { return "" }
        let items = report.clusters.enumerated().map { number, report in
            """
            <li><a href="#c\(number + 1)">\(report.status.cluster)</a> \(Self.badge(isFine: report.complaints.isEmpty))</li>

            """ as Markup
        }
        return "<nav aria-label=\"Clusters\"><ul>\n\(items)</ul></nav>\n"
    }

    private var failures: Markup {
        let failures = report.fleet.failures
        guard !failures.isEmpty else { return "" }
        let items = failures.map { failure in
            let report = failure.report
            return """
                <li><code>\(failure.spec)</code>: \("\(report.message)" as String) <code>\(report.code)</code>\(Self.hint(report.hint.map { "\($0)" }))</li>

                """ as Markup
        }
        return """
            <section aria-labelledby="failures">
            <h2 id="failures">Not read</h2>
            <ul>
            \(items)</ul>
            </section>

            """
    }

    static func hint(_ hint: Message?) -> Markup {
        hint.map { "<br><span class=\"muted\">hint: \($0)</span>" } ?? ""
    }
}
