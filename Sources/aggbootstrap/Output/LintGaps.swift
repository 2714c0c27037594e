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
        let message: Message
    }

    let entries: [Entry]
    private let gaps: [(node: String?, root: String?, gap: LintGap)]

    init(_ result: LintResult) {
        gaps = result.gaps
        entries = gaps.map { node, root, gap in
            Entry(name: Self.name(gap), node: node, root: root, message: Self.message(gap) { $0 })
        }
    }

    /// The same of several nodes once.
    var lines: [Message] {
        var different: [(message: Message, nodes: [String])] = []
        for (node, _, gap) in gaps {
            // A file's name may have line feeds in it.
            let message = Self.message(gap) { SafeText.line($0) }
            let names = node.map { [SafeText.line($0)] } ?? []
            if let same = different.firstIndex(where: { $0.message == message }) {
                different[same].nodes += names
            } else {
                different.append((message, names))
            }
        }
        return different.map { message, nodes in
            nodes.isEmpty
                ? "not judged: \(message)" : "\(StatusTable.names(nodes)): not judged: \(message)"
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

    private static func message(_ gap: LintGap, path safe: (String) -> String) -> Message {
        switch gap {
        case .flags: "kube-apiserver's flags, as neither a unit nor a static pod's manifest is in the tree"
        case .clientCA(let path): "the client CA, as \(safe(path)) of --client-ca-file is not in the tree"
        }
    }
}
