// SPDX-License-Identifier: Apache-2.0

import PKI
import Planning
import Spec
import Values

// What people sign: a run writes requests and ends, and a later one takes the certificates.
extension Issuer {
    private var pending: PendingRequests { PendingRequests(state: state) }
    private var folder: RequestFolder { RequestFolder(requestFolder, in: state) }

    /// Where certificates are signed by hand: writes the requests of all that must be issued, and looks at what has been
    /// put there. Called under the state's lock; elsewhere it does nothing.
    /// - Throws: `external/unsigned` where a certificate is not there yet; `signed/...` where one is not what was asked for.
    package func requestSignatures(
        for issues: [CertificateIssue], _ inventory: StateInventory, signing: CAGeneration? = nil
    ) async throws {
        guard let generation = signing ?? inventory.current, generation.isExternal,
            let external = try ExternalCA.read(spec, at: now), external.signing == .byHand
        else { return }
        _ = try await certificates(for: issues, external, try authority(generation, external), inventory)
    }

    /// The certificates that people have signed, with their keys.
    func signedByHand(
        _ issues: [CertificateIssue], _ external: ExternalCA, _ ca: Certificate, _ inventory: StateInventory
    ) async throws -> [Signed] {
        let certificates = try await certificates(for: issues, external, ca, inventory)
        return try issues.compactMap { issue in
            guard let owner = issue.owner, let certificate = certificates[owner],
                let request = try pending.request(owner)
            else { return nil }
            return Signed(
                owner: owner, issue: issue, key: try pending.key(owner, of: request),
                certificate: certificate)
        }
    }

    /// Ends what is stored now.
    func closeRequests(of signed: [Signed]) throws {
        for one in signed {
            guard let request = try pending.request(one.owner) else { continue }
            try folder.withdraw(request.csr, for: one.owner)
            try pending.remove(one.owner)
        }
    }

    /// Ends requests that a killed run has left: of a certificate that is stored, of a node that the spec does not have any
    /// more, or for a CA that needs nobody to sign. Called under the state's lock.
    package func closeStaleRequests(_ inventory: StateInventory) throws {
        let isByHand = spec.certificates.ca.signing == .byHand
        let owners = Set(spec.nodes.map { LeafOwner.of($0, in: spec).bytes })
        for owner in try pending.owners() {
            let request = try pending.request(owner)
            let isStored = request.map { known(owner, inventory).contains($0.publicKeySHA256) } ?? false
            guard isStored || !isByHand || !owners.contains(owner.bytes) else { continue }
            if let request { try folder.withdraw(request.csr, for: owner) }
            try pending.remove(owner)
        }
    }

    private func certificates(
        for issues: [CertificateIssue], _ external: ExternalCA, _ ca: Certificate, _ inventory: StateInventory
    ) async throws -> [String: Certificate] {
        try await makeRequests(for: issues, inventory)
        var (certificates, waiting): ([String: Certificate], [String]) = ([:], [])
        for issue in issues {
            guard let owner = issue.owner, let request = try pending.request(owner) else { continue }
            try folder.publish(request.csr, for: owner)
            if let answer = try folder.answer(owner), !isEarlier(answer, owner, inventory) {
                certificates[owner] = try check(answer, issue, owner, request, external, ca)
            } else {
                waiting.append(owner)
            }
        }
        guard waiting.isEmpty else { throw unsigned(waiting, ca, external) }
        return certificates
    }

    private func makeRequests(for issues: [CertificateIssue], _ inventory: StateInventory) async throws {
        let missing = try issues.filter { issue in
            guard let owner = issue.owner else { return false }
            guard let request = try pending.request(owner) else { return true }
            // A run was killed after it had stored the certificate: this is about the next one.
            return request.profile != issue.profile.canonicalText
                || known(owner, inventory).contains(request.publicKeySHA256)
        }
        let keys = try await Self.generateKeys(missing.map(\.profile.key))
        for (issue, key) in zip(missing, keys) {
            if let owner = issue.owner { try pending.add(owner, issue.profile, key: key) }
        }
    }

    /// Public keys of an owner's certificates.
    private func known(_ owner: String, _ inventory: StateInventory) -> Set<String> {
        let leaves = (inventory.earlierLeaves[owner] ?? []) + (inventory.leaves[owner].map { [$0] } ?? [])
        return Set(leaves.map(\.certificate.publicKeySHA256))
    }

    /// Whether what was put there is the certificate that the new one replaces.
    private func isEarlier(_ answer: [UInt8], _ owner: String, _ inventory: StateInventory) -> Bool {
        guard let first = try? Certificate.parseBundle(pem: answer, path: "it").first else { return false }
        return known(owner, inventory).contains(first.summary.publicKeySHA256)
    }

    private func check(
        _ answer: [UInt8], _ issue: CertificateIssue, _ owner: String, _ request: PendingRequests.Request,
        _ external: ExternalCA, _ ca: Certificate
    ) throws -> Certificate {
        try SignedCertificate(
            issue.profile, publicKeySHA256: request.publicKeySHA256, ca: ca, caFile: external.file,
            allowedNames: spec.requestHeader.allowedNames, now: max(now, clock()),
            title: "the certificate \(folder.certificate(owner))"
        ).read(answer)
    }

    private func unsigned(_ owners: [String], _ ca: Certificate, _ external: ExternalCA) -> BootstrapError {
        let count: Message = owners.count == 1 ? "1 certificate waits" : "\(owners.count) certificates wait"
        let option: Message = requestFolder.map { " with --csr-dir \($0)" } ?? ""
        return BootstrapError(
            "external/unsigned",
            "\(count) to be signed by \(ca.summary.subject); the requests are in \(folder.path), and no control plane was changed",
            hint:
                "have each request signed, put the certificate beside it as NAME.pem, then run it again\(option)",
            details: owners.map { "\(folder.request($0)): put the certificate at \(folder.certificate($0))" })
    }
}
