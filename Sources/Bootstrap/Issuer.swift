// SPDX-License-Identifier: Apache-2.0

import ClusterPlan
import PKI

/// Issues what a plan lists into the state directory; called under its lock.
struct Issuer {
    let state: StateDirectory
    let ledger: Ledger
    let now: UnixTime

    /// Issues the CA first, then the leaves; every key is generated in parallel with the others.
    /// - Parameter signing: the generation that signs during a CA's rotation; nil for the one in use.
    /// - Returns: the inventory after it.
    func issue(
        _ issues: [CertificateIssue], inventory: StateInventory, signing: CAGeneration? = nil
    ) async throws -> StateInventory {
        guard !issues.isEmpty else { return inventory }
        let keys = try await Self.generateKeys(issues.map(\.profile.key))
        var inventory = inventory
        var newCA: (certificate: Certificate, key: PrivateKey)?
        for (issue, key) in zip(issues, keys) where issue.owner == nil {
            let certificate = try CertificateAuthority.issueCA(
                issue.profile, key: key, now: now, serial: try SerialNumber.random())
            try state.addGeneration(certificate, key: key.pem, after: inventory)
            newCA = (certificate, key)
            try record("issued-ca", certificate.summary, [])
            inventory = try state.inventory()
        }
        guard let generation = signing ?? inventory.current else { return inventory }
        let (ca, caKey) = try newCA ?? state.authority(generation)
        for (issue, key) in zip(issues, keys) {
            guard let owner = issue.owner else { continue }
            let certificate = try CertificateAuthority.issueLeaf(
                issue.profile, key: key, ca: ca, caKey: caKey, now: now, serial: try SerialNumber.random())
            try state.addLeaf(
                certificate, key: key.pem, owner: owner, profile: issue.profile.canonicalText,
                generation: generation.id, after: inventory)
            try record("issued-leaf", certificate.summary, [("owner", owner), ("because", issue.reason)])
        }
        return try state.inventory()
    }

    private func record(_ event: String, _ certificate: CertificateSummary, _ fields: [(String, String)])
        throws
    {
        try ledger.append(
            event,
            fields + [
                ("subject", certificate.subject), ("serial", certificate.serial),
                ("notAfter", certificate.notAfter.description), ("sha256", certificate.fingerprintSHA256),
            ], now: now)
    }

    /// RSA keys take 0.1-0.3 s each and dominate a run.
    private static func generateKeys(_ algorithms: [KeyAlgorithm]) async throws -> [PrivateKey] {
        try await withThrowingTaskGroup(of: (Int, PrivateKey).self) { group in
            for (index, algorithm) in algorithms.enumerated() {
                group.addTask { (index, try PrivateKey.generate(algorithm)) }
            }
            var keys: [Int: PrivateKey] = [:]
            for try await (index, key) in group { keys[index] = key }
            return algorithms.indices.compactMap { keys[$0] }
        }
    }
}
