// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import PKI
import Planning
import Spec
import StateStore
import Values

/// Begins a rotation: what goes is taken into the state, what comes is made there; no control plane changes.
struct RotationBegin: Sendable {
    let context: RotationContext
    private var run: Run { context.run }
    private var issuing: RotationIssuing { RotationIssuing(context) }

    init(_ context: RotationContext) { self.context = context }

    /// The terms of the rotation that is open, unless its new CA was never stored.
    func resumed(_ inventory: StateInventory) throws -> RotationTerms? {
        guard let terms = try context.open() else { return nil }
        guard inventory.generation(terms.keep) != nil else { return nil }
        let since = terms.since
        run.effects.progress(
            .line(.rotation(terms.direction == .forward ? .continues(since: since) : .aborts(since: since))))
        return terms
    }

    /// Makes the new CA, in the state directory only, after its name has been written down.
    func begin(_ observed: [ObservedNode]) async throws -> RotationTerms {
        let (spec, now, state) = (run.spec, run.effects.now(), run.state)
        let old = try RotationPreflight(context).sharedBundle(observed)
        _ = try run.nextExternalCA(try state.inventory(), trusted: old)
        var inventory = try register(observed, trusting: old)
        let retire = inventory.generations.filter { old.contains($0.certificate.fingerprintSHA256) }
        try await StageChange(context).refuse(retire, observed)
        if let first = run.nodes.first,
            try !RetiredPair(state: state).keep(spec.certificates, from: run.link(first).node)
        {
            throw BootstrapError(
                "rotation/no-pair", "\(first.name): its proxy client certificate and key cannot be read")
        }
        try state.removeOrphanedLeaves()
        inventory = try state.inventory()
        // Of a run that was killed before its CA was there.
        let earlier = try context.open()?.cause
        let cause =
            context.options.cause.isCompromise ? context.options.cause : earlier ?? context.options.cause
        var terms = RotationTerms(
            keep: "", retire: retire.map(\.id), cause: cause, since: now.description)
        let next = try run.nextExternalCA(inventory, trusted: old)
        let issues = issuing.newCA(next, inventory)
        inventory = try await issuing.issuer().issue(issues, inventory: inventory, signing: next) { id in
            terms.keep = id
            try context.ledger.append(terms, now: now)
        }
        let certificate = try context.generations(terms).keep.certificate
        let subject = certificate.subject
        context.say(
            .issue(
                .ca(
                    subject: subject, until: certificate.notAfter,
                    keepsKey: spec.certificates.ca.keepsKey)))
        context.say(.issue(.clients(issues.count { $0.owner != nil }, issuer: subject)))
        return terms
    }

    /// Takes CAs that this state did not issue into it, without their keys.
    func register(_ certificates: [Certificate]) throws {
        for certificate in certificates {
            let inventory = try run.state.inventory()
            let known = inventory.generations.map(\.certificate.fingerprintSHA256)
            guard !known.contains(certificate.summary.fingerprintSHA256) else { continue }
            try run.state.addForeignGeneration(certificate.summary, pem: certificate.pem, after: inventory)
        }
    }

    /// The same of those that lie where the spec says.
    private func register(
        _ observed: [ObservedNode], trusting bundle: Set<String>
    ) throws -> StateInventory {
        for node in observed {
            try register(try run.reader.bundle(pem: node.ca.content ?? [], path: node.ca.path))
        }
        let inventory = try run.state.inventory()
        if let dropped = inventory.generations.first(where: {
            $0.standing == .dropped && bundle.contains($0.certificate.fingerprintSHA256)
        }) {
            run.effects.progress(
                .line(.rotation(.replacesDropped(subject: dropped.certificate.subject))))
        }
        return inventory
    }
}
