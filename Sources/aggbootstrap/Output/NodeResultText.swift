// SPDX-License-Identifier: Apache-2.0

import Values

extension NodeResult.Kind {
    /// In words, after the node's name.
    var text: Message {
        switch self {
        case .unchanged: "no change was needed"
        case .changed(let files, let removed, let restarted):
            "has the change: \(Message.count(files, "file")) written"
                + (removed == 0 ? "" : ", \(removed) removed") + (restarted ? ", restarted" : "")
        case .failed(isAsBefore: false): "FAILED, and has a part of the change"
        case .failed(isAsBefore: true): "FAILED, and is as it was"
        case .untouched: "is as it was; its change was not started"
        case .takenBack(let why):
            "is as it was: its old certificate and key were restored, because \(why)"
        }
    }
}

extension ErrorReport {
    /// Lines that show the cause, and below them the state of each node where there are several.
    var lines: [Message] {
        let details: [Message] = details.map { "\($0)" }
        guard nodes.count > 1 else { return details }
        let width = nodes.map { columns(of: $0.node) }.max() ?? 0
        return details + ["state of each node:"]
            + nodes.map { "  \($0.node.padded(to: width))  \($0.kind.text)" }
    }
}
