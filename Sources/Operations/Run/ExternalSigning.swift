// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Spec
import StateStore
import Values

// A CA whose key is elsewhere, as a run finds it.
extension Run {
    /// The CA that the spec names; nil where the CA is made here.
    func externalCA() throws -> ExternalCA? { try ExternalCA.read(spec, at: effects.now()) }

    /// What issues certificates in this run.
    func issuer(at now: UnixTime) -> Issuer {
        Issuer(
            spec, state: state, now: now, clock: effects.now, requestFolder: request.requestFolder)
    }

    /// Where people sign: makes the requests of a plan, before anybody is asked about it and before any node is locked.
    /// - Throws: `external/unsigned` until all is signed.
    func requestSignatures(_ preparation: Preparation, _ held: StateLock?) async throws {
        guard spec.certificates.ca.signing == .byHand, !preparation.plan.issues.isEmpty else { return }
        let lock = try held ?? lockState()
        defer { withExtendedLifetime(lock) {} }
        try state.prepareForChange()
        let issuer = issuer(at: effects.now())
        try issuer.closeStaleRequests(preparation.inventory)
        try await issuer.requestSignatures(
            for: preparation.plan.issues, preparation.inventory)
    }

    /// What is held of the CAs, that one included.
    /// - Returns: nil where the CA is made here.
    func externalDecision(_ inventory: StateInventory) throws -> ExternalCADecision? {
        try externalCA().map {
            ExternalCADecision($0.generation(after: inventory), $0.file, inventory)
        }
    }

    /// The CA that a rotation goes to; nil where it is made here.
    /// - Parameter trusted: SHA-256 of the CAs that the nodes trust.
    /// - Throws: where the file still holds the CA in use, or one that is not to be used again.
    func nextExternalCA(_ inventory: StateInventory, trusted: Set<String>) throws -> CAGeneration? {
        guard let external = try externalCA() else { return nil }
        let generation = external.generation(after: inventory)
        if let refusal = ExternalCADecision.outOfUse(generation, external.file, inventory) {
            throw BootstrapError(refusal.code, refusal.message, hint: refusal.hint)
        }
        guard !isInUse(generation, inventory),
            !trusted.contains(generation.certificate.fingerprintSHA256)
        else {
            throw BootstrapError(
                "external/same-ca",
                "\(external.file) (certificates.ca.certificate) holds \(generation.certificate.subject), the CA in use, and not the new one",
                hint:
                    "put the certificate of the new CA there, let certificates.ca.signer sign with it, then run rotate --ca again"
            )
        }
        return generation
    }

    /// Whether the next CA has yet to be put there: until then, leaves are renewed by the one in use.
    func waitsForNextCA(_ inventory: StateInventory) throws -> Bool {
        guard let external = try externalCA() else { return false }
        return isInUse(external.generation(after: inventory), inventory)
    }

    private func isInUse(_ generation: CAGeneration, _ inventory: StateInventory) -> Bool {
        inventory.current?.certificate.fingerprintSHA256 == generation.certificate.fingerprintSHA256
    }
}
