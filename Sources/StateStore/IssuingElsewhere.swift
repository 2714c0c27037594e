// SPDX-License-Identifier: Apache-2.0

import PKI
import Planning
import Spec
import Values

// What is signed by a CA whose key is elsewhere: keys are made here, and never leave.
extension Issuer {
    /// A certificate that was signed elsewhere and is what was asked for.
    struct Signed {
        let owner: String
        let issue: CertificateIssue
        let key: PrivateKey
        let certificate: Certificate
    }

    /// Has everything signed and checked first; then it is stored, the CA before the leaves.
    func have(
        _ issues: [CertificateIssue], signedBy external: ExternalCA, _ generation: CAGeneration,
        _ inventory: StateInventory, _ announce: (String) throws -> Void
    ) async throws -> StateInventory {
        let ca = try authority(generation, external)
        let all =
            external.signing == .byHand
            ? try await signedByHand(issues, external, ca, inventory)
            : try await signedByProgram(issues, external, ca)
        if !generation.isStored {
            try announce(generation.id)
            try ledger.append(
                [Self.entry("issued-ca", ca.summary, [("key", "elsewhere")])], now: now)
            try state.addGeneration(ca, key: nil, isExternal: true, after: inventory.stored)
        }
        try state.addLeaves(
            all.map {
                StateDirectory.NewLeaf(
                    certificate: $0.certificate, key: $0.key.pem, owner: $0.owner,
                    profile: $0.issue.profile.canonicalText, generation: generation.id)
            }, after: inventory)
        try ledger.append(
            all.map { Self.entry(of: $0.certificate, $0.issue, $0.owner, generation.id) }, now: now)
        if external.signing == .byHand { try closeRequests(of: all) }
        try state.pruneLeaves(ledger, now: now)
        return try state.inventory()
    }

    /// The certificate of a generation, which may not be stored yet.
    func authority(_ generation: CAGeneration, _ external: ExternalCA) throws -> Certificate {
        guard generation.isStored else { return external.certificate }
        return try state.certificate("\(state.path)/ca/\(generation.id)/ca.pem")
    }

    private func signedByProgram(
        _ issues: [CertificateIssue], _ external: ExternalCA, _ ca: Certificate
    ) async throws -> [Signed] {
        let keys = try await Self.generateKeys(issues.map(\.profile.key))
        return try zip(issues, keys).compactMap { issue, key in
            guard let owner = issue.owner else { return nil }
            return Signed(
                owner: owner, issue: issue, key: key,
                certificate: try signed(issue, owner, key, external, ca))
        }
    }

    private func signed(
        _ issue: CertificateIssue, _ owner: String, _ key: PrivateKey, _ external: ExternalCA,
        _ ca: Certificate
    ) throws -> Certificate {
        guard case .command(let words) = external.signing else {
            throw BootstrapError("internal/signer", "nothing signs for \(owner)")
        }
        let signer = ProgramSigner(words: words)
        let name: Message = owner == LeafOwner.shared ? "all nodes" : "\(owner)"
        let answer = try signer.sign(try CertificateRequest(issue.profile, key: key).pem, for: name)
        return try SignedCertificate(
            issue.profile, publicKeySHA256: key.publicKeySHA256(), ca: ca, caFile: external.file,
            allowedNames: spec.requestHeader.allowedNames,
            now: max(now, clock()), title: signer.title(for: name)
        ).read(answer)
    }
}
