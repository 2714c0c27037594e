// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Spec
import StateStore
import Values

/// Finds out what a run that nobody watches must renew; changes nothing.
package struct Renewal: Sendable {
    package enum Finding: Sendable {
        /// Nothing is due.
        case nothing(DueCertificates)
        /// The CA is due, or is being replaced already.
        case ca
        /// Proxy clients are due, on the nodes that this change is about.
        case leaves(Change)
    }

    private let run: Run
    private let rule: RenewalRule
    private let options: LeafRotation.Options

    /// - Parameter options: of the rotation of proxy clients, where these are due.
    /// - Throws: `usage/renew-before` where what has just been renewed would be due again.
    package init(_ run: Run, rule: RenewalRule, _ options: LeafRotation.Options) throws {
        (self.run, self.rule, self.options) = (run, rule, options)
        try Self.check(rule, run.spec)
    }

    static func noCA(_ run: Run) -> BootstrapError {
        BootstrapError(
            "renewal/no-ca", "the state directory \(run.state.path) holds no CA, so nothing can be renewed",
            hint:
                "if there is another state directory, name it with --state DIR; if not, run init, or rotate --ca if the "
                + "control planes have a CA that was made elsewhere")
    }

    /// - Throws: `renewal/no-ca` where the state holds none; `state/passphrase-needed` where a renewal would need one,
    ///   due or not.
    package func find() async throws -> Finding {
        if try CARotation(run, options: .init()).open() != nil { return .ca }
        let inventory = try run.state.inventory()
        let now = run.effects.now()
        guard let byState = DueCertificates(run.spec, inventory: inventory, now: now, rule: rule) else {
            throw Self.noCA(run)
        }
        // A timer that could not renew says so at once, and not when it is too late.
        if let name = inventory.encryptedKeys.last, run.request.passphrase == nil {
            throw StateKeys.needed("\(run.state.path)/\(name)")
        }
        try run.checkPassphrase(inventory)
        if byState.ca != nil, try !run.waitsForNextCA(inventory) {
            try refuseCAOffline()
            return .ca
        }
        let observed = try await run.controlPlanes.observe()
        // Due or not: a timer of a copy that is not used any more must be noticed.
        try run.refuseOlderState(observed, inventory)
        let due = DueCertificates(
            run.spec, inventory: inventory, observed: observed, now: now, rule: rule)
        guard let due, !due.nodes.isEmpty else { return .nothing(due ?? byState) }
        // What was signed by a key that was not kept is renewed by the next CA.
        let isSigned = due.leaves.contains { $0.certificate == inventory.leaves[$0.owner ?? ""]?.certificate }
        if isSigned, inventory.current?.hasKey == false, !run.spec.certificates.ca.keepsKey {
            try refuseCAOffline()
            return .ca
        }
        return .leaves(LeafRotation.change(run, dueOn: due.nodes, by: rule, options))
    }

    private func refuseCAOffline() throws {
        guard run.request.root != nil else { return }
        throw BootstrapError(
            "renewal/ca-offline",
            "the requestheader CA is due, and it can be replaced on running control planes only",
            hint: "run rotate --ca without --root")
    }

    /// What lasts no longer than the time before its end would be replaced by every run.
    private static func check(_ rule: RenewalRule, _ spec: ClusterSpec) throws {
        guard case .within(let seconds) = rule else { return }
        let certificates = spec.certificates
        let lifetimes = [
            ("certificates.proxyClient.validity", certificates.proxyClient.validity),
            ("certificates.ca.validity", certificates.ca.validity),
        ]
        for (field, validity) in lifetimes where seconds >= validity.seconds {
            throw BootstrapError(
                "usage/renew-before", status: .usage,
                "--renew-before must be shorter than \(field): each run would replace what the previous run made",
                hint: "give a shorter time, or remove it for two thirds of each lifetime")
        }
    }
}
