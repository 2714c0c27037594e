// SPDX-License-Identifier: Apache-2.0

import ClusterPlan
import NodeAccess
import SystemdBus

/// What was found and what is to be done about it.
package struct Preparation: Sendable {
    package let inventory: StateInventory
    package let observed: [ObservedNode]
    package let plan: Plan

    /// The first refusal as an error; nil where the plan may be applied.
    package var refusal: BootstrapError? {
        guard let first = plan.refusals.first else { return nil }
        let others = plan.refusals.dropFirst().map { "\(Self.prefix($0))\($0.message)" }
        return BootstrapError(
            first.code, Self.prefix(first) + first.message, hint: first.hint, details: others)
    }

    private static func prefix(_ refusal: Refusal) -> String { refusal.node.map { "\($0): " } ?? "" }
}

extension Run {
    /// Observes every node and plans; changes nothing.
    package func prepare() async throws -> Preparation {
        try checkReach()
        let inventory = try state.inventory()
        try checkPassphrase(inventory)
        let observed = try await observe()
        var plan = Planner.plan(
            spec, inventory: inventory, nodes: observed, now: effects.now(), options: request.options)
        plan.notices = notices + plan.notices
        return Preparation(inventory: inventory, observed: observed, plan: plan)
    }

    /// A passphrase that was given is tried even where nothing needs it: better now than when a certificate is due.
    private func checkPassphrase(_ inventory: StateInventory) throws {
        guard request.passphrase != nil, let name = inventory.encryptedKeys.last else { return }
        _ = try state.keys.key("\(state.path)/\(name)")
    }

    /// Whether the plan can be applied with the passphrase that was given, or without one.
    /// - Throws: `state/passphrase-needed` (exit 64).
    package func checkPassphrase(for preparation: Preparation) throws {
        guard preparation.plan.readsPrivateKeys, request.passphrase == nil,
            let name = preparation.inventory.encryptedKeys.first
        else { return }
        throw StateKeys.needed("\(state.path)/\(name)")
    }

    func observe() async throws -> [ObservedNode] {
        let units = access == .live ? try effects.systemBus() : nil
        var observed: [ObservedNode] = []
        for node in nodes {
            let observer = Observer(
                spec: spec, access: access, root: root(of: node), reader: reader, baseUnit: baseUnit,
                units: units)
            do {
                observed.append(try await observer.observe(node))
            } catch {
                throw Self.located(error, on: node)
            }
        }
        return observed
    }

    /// Live nodes have to be this machine, and changing it takes root.
    func checkReach() throws {
        guard access == .live else { return }
        for node in nodes where !node.local {
            throw BootstrapError(
                "run/not-local", "\(node.name) is not this machine, and this version reaches no other",
                hint:
                    "run it on each control plane with `\"local\": true`, or make the files with --root DIR and copy "
                    + "them")
        }
        if nodes.count > 1 {
            throw BootstrapError(
                "run/two-local",
                "\(nodes.map(\.name).joined(separator: " and ")) both claim to be this machine",
                hint: "set \"local\": true on one node, or choose one with --limit")
        }
        guard LocalHost.isRoot else {
            throw BootstrapError(
                "run/needs-root",
                "a live run needs root: it reads keys, writes below /etc and asks systemd to restart",
                hint: "run it with sudo, or work offline with --root DIR")
        }
    }

    /// Puts the node's name in front of what happened there.
    static func located(_ error: any Error, on node: NodeSpec) -> any Error {
        let failure = ErrorReport(error)
        return BootstrapError(
            failure.code, status: failure.status, "\(node.name): \(failure.message)", hint: failure.hint,
            details: failure.details)
    }
}
