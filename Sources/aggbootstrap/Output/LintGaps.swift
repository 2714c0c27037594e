// SPDX-License-Identifier: Apache-2.0

import Operations
import Planning
import Values

/// What `verify --offline` could not judge of trees, because they have only a part of a node's files.
struct LintGaps {
    struct Entry: Encodable, Sendable {
        /// `flags` or `client-ca`.
        let name: String
        let node: String?
        /// The tree.
        let root: String?
        let message: String
    }

    let entries: [Entry]

    init(_ result: LintResult) {
        entries = result.gaps.map { node, root, gap in
            Entry(name: Self.name(gap), node: node, root: root, message: Self.message(gap))
        }
    }

    /// The same of several nodes once.
    var lines: [String] {
        var messages: [String] = []
        for entry in entries where !messages.contains(entry.message) { messages.append(entry.message) }
        return messages.map { message in
            let nodes = entries.filter { $0.message == message }.compactMap(\.node)
            let whose = nodes.isEmpty ? "" : "\(StatusTable.names(nodes)): "
            return SafeText.line("\(whose)not judged: \(message)")
        }
    }

    /// As CI systems show them. That a tree of `init --root` has no client CA is no news in each run.
    var checks: [ReportedCheck] {
        entries.filter { $0.name == Self.name(.flags) }.map { entry in
            ReportedCheck(
                name: entry.name, level: .skipped, subject: entry.node ?? "files", file: entry.root,
                line: nil,
                text: "not judged: \(entry.message)", rule: LintReport.judged)
        }
    }

    private static func name(_ gap: LintGap) -> String {
        switch gap {
        case .flags: "flags"
        case .clientCA: "client-ca"
        }
    }

    private static func message(_ gap: LintGap) -> String {
        switch gap {
        case .flags: "kube-apiserver's flags, as neither a unit nor a static pod's manifest is in the tree"
        case .clientCA(let path): "the client CA, as \(path) of --client-ca-file is not in the tree"
        }
    }
}
