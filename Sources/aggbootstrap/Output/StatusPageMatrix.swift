// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Values

/// Control planes by files: what lies where, by its fingerprint. What differs is marked.
struct StatusPageMatrix {
    /// What stands in a cell, and what it is compared by; nil where there is nothing to compare.
    private struct Cell {
        let markup: Markup
        let value: String?
        let path: String
    }

    private static let heads = ["Requestheader CA", "Proxy client certificate", "Its private key", "Flags"]

    private let report: StatusReport
    private let nodes: [NodeStatus]

    init(_ report: StatusReport) {
        self.report = report
        nodes = report.status.nodes
    }

    var markup: Markup {
        let cells = nodes.map { node in node.problem == nil ? node.files.map { cell(node, $0) } : [] }
        let usual = Self.heads.indices.map { column in
            Self.usual(cells.compactMap { $0.indices.contains(column) ? $0[column].value : nil })
        }
        let rows = zip(nodes, cells).map { node, cells -> [Markup] in
            let name: Markup = "<th scope=\"row\">\(node.name)</th>"
            guard !cells.isEmpty else { return [name, "<td colspan=\"4\">not read</td>"] }
            return [name]
                + zip(cells, usual).map { cell, usual -> Markup in
                    let why = Self.difference(cell, usual, node)
                    return why.map {
                        "<td class=\"differs\">\(StatusPageCluster.mark($0)) \(cell.markup)</td>"
                    } ?? "<td>\(cell.markup)</td>"
                }
        }
        return .table(
            "Files of the control planes of \(report.status.cluster), by the first 12 digits of their SHA-256",
            ["Control plane"] + Self.heads, rows)
    }

    /// The value that more than half of all have; nil where there is none.
    private static func usual(_ values: [String]) -> String? {
        let counts = Dictionary(values.map { ($0, 1) }, uniquingKeysWith: +)
        return counts.first { $0.value * 2 > values.count }?.key
    }

    private static func difference(_ cell: Cell, _ usual: String?, _ node: NodeStatus) -> String? {
        if node.drift.contains(where: { $0.path == cell.path }) { return "not as the spec says" }
        guard let usual, let value = cell.value, value != usual else { return nil }
        return "differs from the others"
    }

    private func cell(_ node: NodeStatus, _ file: ObservedFile) -> Cell {
        let certificates = node.certificates.filter { $0.path == file.path }.map(\.certificate)
        let isThere = file.kind == .regular
        guard isThere else {
            return Cell(markup: file.kind == .absent ? "missing" : "not a file", value: nil, path: file.path)
        }
        let mode = "0\(String(file.mode, radix: 8)) \(file.userID):\(file.groupID)"
        let access: Markup = "<span class=\"muted\">\(mode)</span>"
        if !certificates.isEmpty {
            let parts = certificates.map {
                """
                <span class="line">\(StatusPageCluster.fingerprint($0.fingerprintSHA256)) until \(StatusPageCluster.end($0.notAfter, report))</span>
                """ as Markup
            }
            let value = certificates.map(\.fingerprintSHA256).sorted().joined(separator: " ")
            return Cell(markup: "\(parts)\(access)", value: value, path: file.path)
        }
        // A private key is not read, and neither is its digest shown.
        guard file.content != nil, let sha256 = file.sha256 else {
            return Cell(markup: access, value: mode, path: file.path)
        }
        let digest: Markup = "<span class=\"line\">\(StatusPageCluster.fingerprint(sha256))</span>"
        return Cell(markup: "\(digest)\(access)", value: sha256, path: file.path)
    }
}
