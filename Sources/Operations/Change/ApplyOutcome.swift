// SPDX-License-Identifier: Apache-2.0

import Values

/// What a run has changed.
package struct ApplyOutcome: Sendable {
    /// What became of one node.
    package enum Node: Sendable {
        case unchanged
        case changed(files: Int, removed: Int, restarted: Bool)
        /// It is as it was, or it says otherwise.
        case failed(BootstrapError)
        /// Its change was planned and not begun, since another node failed.
        case untouched
        /// It ended the run before its own change began: why.
        case notBegun(BootstrapError)
        /// It was changed, and has its old certificate and key again: why.
        case takenBack(Message)
    }

    /// Private keys of the state that were put under its passphrase.
    package var keysEncrypted = 0
    package var issued = 0
    /// In the order of the spec.
    package var nodes: [(name: String, result: Node)] = []

    package init() {}

    package var filesWritten: Int {
        nodes.reduce(0) { sum, node in
            if case .changed(let files, _, _) = node.result { return sum + files }
            return sum
        }
    }

    package var filesRemoved: Int {
        nodes.reduce(0) { sum, node in
            if case .changed(_, let removed, _) = node.result { return sum + removed }
            return sum
        }
    }

    package var restarts: Int {
        nodes.filter { node in
            if case .changed(_, _, restarted: true) = node.result { return true }
            return false
        }.count
    }

    /// Why the run ended early; nil where every node has its change.
    package var failure: BootstrapError? {
        let failures = nodes.compactMap { node -> BootstrapError? in
            switch node.result {
            case .failed(let error), .notBegun(let error): return error
            case .unchanged, .changed, .untouched, .takenBack: return nil
            }
        }
        let all = failures + unrecorded
        guard let first = all.first else { return nil }
        return BootstrapError(
            extending: first, status: isComplete ? .proofFailed : hasChanged ? .mixed : nil,
            details: all.dropFirst().map(\.message) + takenBack,
            nodes: nodes.map { NodeResult($0.name, $0.result.kind) })
    }

    /// Changes that were made and could not be written into the ledger: why. No other node is changed then.
    package var unrecorded: [BootstrapError] = []

    /// Whether every node is as the plan says.
    var isComplete: Bool {
        nodes.allSatisfy { node in
            switch node.result {
            case .unchanged, .changed: true
            case .failed, .untouched, .notBegun, .takenBack: false
            }
        }
    }

    /// What was taken back of nodes that had passed, and how that went; a line each.
    package var takenBack: [Message] = []

    /// Whether some node has been changed.
    var hasChanged: Bool {
        nodes.contains { node in
            if case .changed = node.result { return true }
            return false
        }
    }

    func isChanged(_ name: String) -> Bool {
        guard let node = nodes.first(where: { $0.name == name }) else { return false }
        if case .changed = node.result { return true }
        return false
    }

    func isFailed(_ name: String) -> Bool {
        guard let node = nodes.first(where: { $0.name == name }) else { return false }
        if case .failed = node.result { return true }
        return false
    }

    mutating func set(_ name: String, _ result: Node) {
        if let index = nodes.firstIndex(where: { $0.name == name }) { nodes[index].result = result }
    }
}

extension ApplyOutcome.Node {
    /// The same for people, without the error itself.
    var kind: NodeResult.Kind {
        switch self {
        case .unchanged: .unchanged
        case .changed(let files, let removed, let restarted):
            .changed(files: files, removed: removed, restarted: restarted)
        case .failed(let error): .failed(isAsBefore: error.status != .mixed)
        case .untouched, .notBegun: .untouched
        case .takenBack(let why): .takenBack(why)
        }
    }

    var isUntouched: Bool {
        if case .untouched = self { return true }
        return false
    }
}
