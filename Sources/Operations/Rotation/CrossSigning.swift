// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import NodeAccess
import PKI
import Planning
import Proofs
import StateStore
import Values

/// The third way on past extension servers that do not load the new CA: the old one vouches for it.
struct CrossSigning: Sendable {
    let context: RotationContext
    private var run: Run { context.run }
    private var options: RotationOptions { context.options }

    init(_ context: RotationContext) { self.context = context }

    /// Makes the cross certificate of the CA that is to stay, in the state directory only, before anything on a node
    /// depends on it; keeps the one that it has.
    /// - Throws: `rotation/no-cross-sign` with the reason.
    func crossSign(_ terms: RotationTerms, _ observed: [ObservedNode]) throws {
        guard options.crossSigns else { return }
        guard terms.direction == .forward else {
            context.say(.issue(.noCrossCertificate))
            return
        }
        let rotation = try context.generations(terms)
        guard vouching(rotation.keep) == nil else { return }
        let old = try crossSigner(terms, rotation, observed)
        try makeCrossCertificate(of: rotation.keep, by: old, run.effects.now())
    }

    /// The CA that can still vouch for the one that an open rotation brings.
    func crossSigner(
        _ terms: RotationTerms, _ rotation: RotationGenerations, _ observed: [ObservedNode]
    ) throws -> CAGeneration {
        let nodes = observed.map {
            RotationPosition.Node($0, keep: rotation.keep, retire: rotation.retire)
        }
        if let node = nodes.first(where: { $0.trustsKept && !$0.trustsRetired }) {
            throw noCrossSign("it is too late: \(node.name) does not trust the old CA any more")
        }
        let trusted = Set(rotation.retire.map(\.certificate.fingerprintSHA256))
        return try crossSigner(trusted, terms.cause, try run.state.inventory())
    }

    /// What would stop `crossSign`, before a rotation is begun.
    func refuseCrossSign(_ observed: [ObservedNode], _ inventory: StateInventory) throws {
        guard options.crossSigns else { return }
        let trusted = observed.flatMap(\.requestHeaderCAs).flatMap(\.certificates).map(\.fingerprintSHA256)
        _ = try crossSigner(Set(trusted), options.cause, inventory)
    }

    private func makeCrossCertificate(of keep: CAGeneration, by old: CAGeneration, _ now: UnixTime) throws {
        let (state, inventory) = (run.state, try run.state.inventory())
        let leaves = try inventory.leaves.keys.sorted().compactMap { owner in
            try inventory.leaf(of: owner, signedBy: keep).map {
                try run.reader.bundle(pem: $0.certificatePEM, path: "leaves/\(owner)/\($0.id)")[0]
            }
        }
        let (ca, key) = try state.authority(old)
        let new = try run.reader.bundle(pem: keep.pem, path: "ca/\(keep.id)/ca.pem")[0]
        let cross = try CertificateAuthority.issueCrossSigned(
            new, by: ca, caKey: key, proving: leaves, now: now, serial: try SerialNumber.random())
        try state.addCrossCertificate(cross, of: keep.id)
        let summary = cross.summary
        try context.ledger.append(
            "cross-signed",
            [
                ("subject", summary.subject), ("issuer", summary.issuer), ("serial", summary.serial),
                ("notAfter", summary.notAfter.description), ("sha256", summary.fingerprintSHA256),
            ], now: now)
        context.say(
            .issue(
                .crossCertificate(
                    subject: summary.subject, issuer: summary.issuer, until: summary.notAfter)))
    }

    /// Called off, the old CA's signature cannot be taken back.
    func sayWhatIsVouchedFor(_ terms: RotationTerms, _ rotation: RotationGenerations) {
        guard terms.direction == .back else { return }
        for cross in rotation.retire.compactMap(\.crossSigned?.certificate) {
            context.say(
                .proof(.staysValid(subject: cross.subject, issuer: cross.issuer, until: cross.notAfter)))
        }
    }

    // MARK: - Whether it can be done

    /// The one generation of `trusted`, by fingerprint, where it can vouch for the CA that replaces it.
    private func crossSigner(
        _ trusted: Set<String>, _ cause: RotationTerms.Cause, _ inventory: StateInventory
    ) throws -> CAGeneration {
        if cause.isCompromise {
            throw noCrossSign("others may have the old CA's key, or keys that it signed")
        }
        guard trusted.count == 1 else {
            throw noCrossSign("the control planes trust \(trusted.count) CAs, and it needs exactly one")
        }
        guard
            let old = inventory.generations.first(where: {
                trusted.contains($0.certificate.fingerprintSHA256)
            }), old.standing != .foreign
        else {
            throw noCrossSign("the CA in use was made elsewhere, and its key is not in \(run.state.path)")
        }
        guard old.hasKey else {
            throw noCrossSign(
                "the key of \(old.certificate.subject) is not in \(run.state.path)",
                "restore the state directory from its backup, or ")
        }
        do {
            let certificate = try run.reader.bundle(pem: old.pem, path: "ca/\(old.id)/ca.pem")[0]
            try CertificateAuthority.requireCrossSigner(certificate, at: run.effects.now())
        } catch { throw noCrossSign("\(error)") }
        return old
    }

    private func noCrossSign(_ why: Message, _ hint: Message = "") -> BootstrapError {
        BootstrapError(
            "rotation/no-cross-sign", "the old CA cannot sign the new one: \(why)",
            hint: hint
                + "run it again without --cross-sign: extension API servers that do not load the new CA must then be restarted, or "
                + "skipped with --accept-laggard NAMESPACE/NAME")
    }

    // MARK: - Extension servers

    /// Those that are not let pass. One that trusts only the CA that vouches for `keep` takes the new proxy clients until
    /// that ends; it is named, and when.
    func withoutVouched(_ laggards: [ExtensionServers.Laggard], _ keep: CAGeneration)
        -> [ExtensionServers.Laggard]
    {
        guard let cross = vouching(keep) else { return laggards }
        return laggards.filter { laggard in
            guard laggard.trustsPrevious else { return true }
            context.say(
                .extensions(
                    .vouchedFor(
                        endpoint: laggard.endpoint, service: laggard.service, issuer: cross.issuer,
                        until: cross.notAfter)))
            return false
        }
    }

    /// The cross certificate by which those who trust only the CA before `keep` take its leaves now; nil where none is
    /// there, or it has ended.
    func vouching(_ keep: CAGeneration) -> CertificateSummary? {
        keep.crossSigned.flatMap {
            run.effects.now() < $0.certificate.notAfter ? $0.certificate : nil
        }
    }

    /// The name of the CA whose signature is, or could be, behind the new proxy clients.
    func previousName(_ rotation: RotationGenerations) -> [UInt8]? {
        rotation.keep.crossSigned?.certificate.issuerDER
            ?? (rotation.retire.count == 1 ? rotation.retire[0].certificate.subjectDER : nil)
    }

    /// What to do about an extension server that stops the rotation.
    func laggardHint(
        _ laggard: ExtensionServers.Laggard, _ terms: RotationTerms, _ rotation: RotationGenerations
    ) -> Message {
        let canCross =
            laggard.trustsPrevious && vouching(rotation.keep) == nil
            && (try? crossSigner(
                Set(rotation.retire.map(\.certificate.fingerprintSHA256)), terms.cause, run.state.inventory()))
                != nil
        let cross =
            canCross ? "or run it again with --cross-sign: it then continues to work without a restart; " : ""
        return
            "restart it, then run it again; \(cross)or continue without it (--accept-laggard \(laggard.service)): it "
            + "then refuses every request until it is restarted. Both CAs are trusted now, so nothing is broken"
    }
}
