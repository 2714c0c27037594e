// SPDX-License-Identifier: Apache-2.0

import Planning
import Values

/// What differs between nodes that must be alike, as a table of nodes and files.
struct DivergenceTable {
    /// What the plan leads to: its cells compare with that.
    enum Aim {
        case spec
        /// What the nodes had before, or nothing of ours.
        case other
    }

    private let nodes: [NodePlan]
    private let aim: Aim
    /// Every path that some node's plan names, sorted.
    private let paths: [String]

    init(_ nodes: [NodePlan], _ aim: Aim) {
        self.nodes = nodes
        self.aim = aim
        paths = Set(nodes.flatMap { $0.files.map(\.path) }).sorted()
    }

    /// Empty where the nodes do not differ.
    var lines: [Message] {
        let rows = nodes.map { node -> [Message] in
            paths.map { cell(node, $0) } + [node.restarts ? "needed" : "no"]
        }
        guard Set(rows).count > 1 else { return [] }
        let heads: [Message] = [""] + Self.shortest(paths).map { "\($0)" } + ["restart"]
        let table = ([heads] + zip(nodes, rows).map { ["\($0.name)"] + $1 }).map { $0.map(\.shown) }
        let widths = heads.indices.map { column in table.map { columns(of: $0[column]) }.max() ?? 0 }
        return ["the nodes differ:"]
            + table.map { row in
                let cells = zip(row, widths).map { $0.padded(to: $1) }
                return Message(verbatim: ("  " + cells.joined(separator: "  ")).trimmingEnd)
            } + [""]
    }

    private func cell(_ node: NodePlan, _ path: String) -> Message {
        switch (node.files.first(where: { $0.path == path })?.action, aim) {
        case (nil, .spec): "as in the spec"
        case (nil, .other): "no change"
        case (.create?, _): "missing"
        case (.replace?, .spec): "differs"
        case (.replace?, .other): "replaced"
        case (.setMetadata?, _): "mode or owner"
        case (.remove?, .spec): "exists"
        case (.remove?, .other): "removed"
        }
    }

    /// The last components, or the whole paths where two are called the same.
    private static func shortest(_ paths: [String]) -> [String] {
        let names = paths.map { path in path.pathComponents.last ?? path }
        return Set(names).count == names.count ? names : paths
    }
}
