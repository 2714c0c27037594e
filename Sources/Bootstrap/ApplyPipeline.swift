// SPDX-License-Identifier: Apache-2.0

import APIServerAccess
import ClusterPlan
import NodeAccess
import PKI
import SystemdBus

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
        /// It was changed, and has its old certificate and key again: why.
        case takenBack(String)
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
            if case .failed(let error) = node.result { return error }
            return nil
        }
        guard let first = failures.first else { return nil }
        return BootstrapError(
            first.code, status: isMixed ? .mixed : first.status, first.message, hint: first.hint,
            details: first.details + failures.dropFirst().map(\.message) + takenBack
                + (nodes.count > 1 ? table : []))
    }

    /// What every node has now, a line each.
    private var table: [String] {
        let width = nodes.map(\.name.count).max() ?? 0
        return ["what every node has:"]
            + nodes.map { name, result in
                "  " + name + String(repeating: " ", count: width - name.count) + "  " + result.text
            }
    }

    /// What was taken back of nodes that had passed, and how that went; a line each.
    package var takenBack: [String] = []

    /// Whether some node has been changed.
    private var isMixed: Bool {
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
    /// In words, after the node's name.
    var text: String {
        switch self {
        case .unchanged: "nothing had to change"
        case .changed(let files, let removed, let restarted):
            "has the change: \(files) file\(files == 1 ? "" : "s") written"
                + "\(removed == 0 ? "" : ", \(removed) removed")\(restarted ? ", restarted" : "")"
        case .failed(let error):
            error.status == .mixed ? "FAILED, and is not as it was" : "FAILED, and is as it was"
        case .untouched: "is as it was; its change was not begun"
        case .takenBack(let why): "is as it was: its new certificate and key were taken back, since \(why)"
        }
    }

    var isUntouched: Bool {
        if case .untouched = self { return true }
        return false
    }
}

extension Run {

    /// Applies a plan: takes the nodes' locks, issues what is missing, then changes the nodes.
    /// - Returns: what became of each node; `failure` is set where one failed, after which no other is begun.
    /// - Throws: before the first node is changed.
    package func apply(_ preparation: Preparation, lock held: StateLock?) async throws -> ApplyOutcome {
        let locks = try await lockNodes(
            preparation.observed.map(\.name) + preparation.peers.filter(\.isReached).map(\.name))
        defer { for lock in locks { lock.release() } }
        return try await applyLocked(preparation, lock: held)
    }

    /// As `apply`, by a caller that holds the nodes' locks.
    func applyLocked(_ preparation: Preparation, lock held: StateLock?) async throws -> ApplyOutcome {
        let lock = try held ?? lockState()
        let tree = try lock.tree ?? lockTree(making: true)
        defer { withExtendedLifetime((lock, tree)) {} }
        var preparation = preparation
        if held == nil || reachesOthers { preparation = try await unchanged(since: preparation) }
        let now = effects.now()
        try lock.announce(now: now)
        try state.prepareForChange()
        let ledger = Ledger(state: state)
        try beginRollback(preparation)
        let (plan, inventory) =
            preparation.rollback == nil
            ? try await issue(preparation, ledger, now) : (preparation.plan, preparation.inventory)
        var outcome = ApplyOutcome()
        outcome.keysEncrypted = preparation.plan.encrypts.count
        outcome.issued = preparation.plan.issues.count
        let rollout = Rollout(
            run: self, plan: plan, observed: preparation.observed, inventory: inventory, ledger: ledger,
            cause: preparation.rollback?.direction ?? .spec,
            gate: pairGate.map { PairGate(run: self, terms: $0) })
        await rollout.run(&outcome)
        return outcome
    }

    /// - Returns: the plan with every certificate in it, and the inventory that holds them.
    private func issue(
        _ preparation: Preparation, _ ledger: Ledger, _ now: UnixTime
    ) async throws -> (Plan, StateInventory) {
        let encrypts = preparation.plan.encrypts
        if !encrypts.isEmpty {
            try state.encrypt(encrypts)
            try ledger.append("encrypted-keys", [("files", encrypts.joined(separator: " "))], now: now)
        }
        let issuer = Issuer(
            state: state, ledger: ledger, now: now, keepsCAKey: spec.certificates.ca.keepsKey)
        let inventory = try await issuer.issue(
            preparation.plan.issues, inventory: encrypts.isEmpty ? preparation.inventory : state.inventory(),
            signing: request.options.stage?.signing)
        // What was asked for has just been issued.
        var options = request.options
        options.renewal = .never
        let plan = Planner.plan(
            spec, inventory: inventory, nodes: preparation.observed, now: now, options: options)
        guard plan.encrypts.isEmpty, plan.issues.isEmpty, plan.refusals.isEmpty else {
            throw BootstrapError(
                "internal/plan-not-stable", "the plan is another one after its certificates were issued",
                hint: "this is a bug in aggbootstrap; no node was changed",
                details: plan.issues.map(\.reason) + plan.refusals.map(\.message))
        }
        return (plan, inventory)
    }

    var reachesOthers: Bool { access == .live && spec.nodes.contains { !$0.local } }

    /// Another run may have ended between the plan and the locks.
    private func unchanged(since preparation: Preparation) async throws -> Preparation {
        let changed = BootstrapError(
            "state/changed", status: .locked,
            "cannot apply the plan: another run has changed something since it was made",
            hint: "run it again")
        if access == .offline {
            func own(_ nodes: [ObservedNode]) -> [ObservedNode] {
                nodes.map { node in
                    var node = node
                    node.previous = nil
                    return node
                }
            }
            guard try state.inventory() == preparation.inventory,
                try await own(observe()) == own(preparation.observed)
            else { throw changed }
            return preparation
        }
        var now = preparation.rollback == nil ? try await prepare() : try await prepareRollback()
        guard now.plan.isSame(as: preparation.plan) else { throw changed }
        // What the operator has read and said yes to, dates included.
        now.plan.issues = preparation.plan.issues
        return now
    }

    /// Locks every node of the cluster that can be reached, so that no two runs restart two control planes at once.
    ///
    /// The first one alone at first: of two runs at once, one goes on.
    func lockNodes(_ names: [String]) async throws -> [any NodeLock] {
        guard access == .live else { return [] }
        let nodes = spec.nodes.filter { names.contains($0.name) }
        let token = try SerialNumber.random().bytes.map { String($0, radix: 16) }.joined()
        let holder = LockHolder(token: token, now: effects.now())
        var locks: [any NodeLock] = []
        for part in [nodes.prefix(1), nodes.dropFirst()] {
            let results = await onEachNode(Array(part)) { node in try link(node).node.lock(holder) }
            locks += results.compactMap { try? $0.get() }
            for (node, result) in zip(part, results) {
                guard case .failure(let error) = result else { continue }
                for lock in locks { lock.release() }
                throw Self.located(error, on: node)
            }
        }
        return locks
    }
}
