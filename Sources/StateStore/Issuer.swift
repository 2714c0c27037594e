// SPDX-License-Identifier: Apache-2.0

import PKI
import Planning
import Secrets
import Spec
import Values

/// Issues what a plan lists into the state directory; called under its lock.
package struct Issuer {
    let state: StateDirectory
    let ledger: Ledger
    let now: UnixTime
    /// Whether a new CA's key is written down; without that it is never in a file.
    var keepsCAKey: Bool { spec.certificates.ca.keepsKey }
    let spec: ClusterSpec
    /// What time it is once somebody else has signed.
    let clock: @Sendable () -> UnixTime

    /// Where requests for people to sign go; nil for the folder in the state directory.
    let requestFolder: String?

    package init(
        _ spec: ClusterSpec, state: StateDirectory, now: UnixTime, clock: (@Sendable () -> UnixTime)? = nil,
        requestFolder: String? = nil
    ) {
        self.requestFolder = requestFolder
        self.spec = spec
        self.state = state
        self.now = now
        self.clock = clock ?? { now }
        ledger = Ledger(state: state)
    }

    /// A CA that is not in the state yet.
    private struct NewCA {
        let id: String
        let certificate: Certificate
        let key: PrivateKey
    }

    /// Issues or has issued what is listed: the CA first, then the leaves; every key is generated in parallel with the others.
    /// - Parameters:
    ///   - signing: the generation that signs during a CA's rotation; nil for the one in use.
    ///   - announce: takes the id of a new CA before anything of it is stored. Where its key is elsewhere, all
    ///     certificates have been signed and checked by then.
    /// - Returns: the inventory after it.
    package func issue(
        _ issues: [CertificateIssue], inventory: StateInventory, signing: CAGeneration? = nil,
        announce: (String) throws -> Void = { _ in }
    ) async throws -> StateInventory {
        guard !issues.isEmpty else { return inventory }
        try checkTimes(of: issues)
        try writeDownStored(inventory)
        if let generation = signing ?? inventory.current, generation.isExternal,
            let external = try ExternalCA.read(spec, at: now)
        {
            return try await have(issues, signedBy: external, generation, inventory, announce)
        }
        let keys = try await Self.generateKeys(issues.map(\.profile.key))
        let newCA = try zip(issues, keys).first { $0.0.owner == nil }.map { issue, key in
            let certificate = try CertificateAuthority.issueCA(
                issue.profile, key: key, validity: issue.validity, serial: try SerialNumber.random())
            return NewCA(
                id: StateDirectory.generationID(certificate.summary, after: inventory),
                certificate: certificate, key: key)
        }
        if let newCA {
            try announce(newCA.id)
            if keepsCAKey { try store(newCA, after: inventory) }
        }
        if let id = newCA?.id ?? (signing ?? inventory.current)?.id {
            try issueLeaves(zip(issues, keys), newCA, id, signing ?? inventory.current, inventory)
        }
        // A CA that cannot sign any more is of use only with all its leaves: it is there when they are.
        if let newCA, !keepsCAKey {
            try store(newCA, after: inventory)
            try state.removeOrphanedLeaves()
        }
        try state.pruneLeaves(ledger, now: now)
        return try state.inventory()
    }

    /// What the plan says is what is signed, so a plan that has waited for too long is of no use any more: seen before
    /// anything is stored.
    private func checkTimes(of issues: [CertificateIssue]) throws {
        guard let issue = issues.first(where: { now < $0.notBefore || now >= $0.notAfter }) else { return }
        let name: Message =
            issue.owner.map { "the proxy client certificate of \($0)" } ?? "the requestheader CA"
        throw BootstrapError(
            "state/plan-too-old", status: .locked,
            "cannot issue \(name) as planned, valid from \(issue.notBefore) to \(issue.notAfter): it is \(now) now",
            hint: "check this machine's clock, then run it again")
    }

    /// Stores a CA that was made elsewhere, so that it signs from now on.
    /// - Parameter leaves: what it has signed and is in use.
    package func adopt(
        _ ca: Certificate, key: SecretBytes, leaves: [CertificateSummary], after inventory: StateInventory
    ) throws {
        let entries = leaves.map { Self.entry("adopted-leaf", $0, []) }
        try ledger.append([Self.entry("adopted-ca", ca.summary, [])] + entries, now: now)
        try state.addGeneration(ca, key: key, after: inventory)
    }

    private func store(_ ca: NewCA, after inventory: StateInventory) throws {
        // Written down first: a CA that the ledger does not name is one whose ledger was lost.
        let entry = Self.entry("issued-ca", ca.certificate.summary, keepsCAKey ? [] : [("key", "not kept")])
        try ledger.append([entry], now: now)
        try state.addGeneration(ca.certificate, key: keepsCAKey ? ca.key.pem : nil, after: inventory)
    }

    private func issueLeaves(
        _ issues: some Sequence<(CertificateIssue, PrivateKey)>, _ newCA: NewCA?, _ id: String,
        _ generation: CAGeneration?, _ inventory: StateInventory
    ) throws {
        let ca: Certificate
        let caKey: PrivateKey
        if let newCA {
            (ca, caKey) = (newCA.certificate, newCA.key)
        } else if let generation {
            (ca, caKey) = try state.authority(generation)
        } else {
            return
        }
        var (leaves, entries): ([StateDirectory.NewLeaf], [Ledger.Entry]) = ([], [])
        for (issue, key) in issues {
            guard let owner = issue.owner else { continue }
            let certificate = try CertificateAuthority.issueLeaf(
                issue.profile, key: key, ca: ca, caKey: caKey, validity: issue.validity, now: now,
                serial: try SerialNumber.random())
            leaves.append(
                StateDirectory.NewLeaf(
                    certificate: certificate, key: key.pem, owner: owner,
                    profile: issue.profile.canonicalText, generation: id))
            entries.append(Self.entry(of: certificate, issue, owner, id))
        }
        try state.addLeaves(leaves, after: inventory)
        try ledger.append(entries, now: now)
    }

    /// A run that was killed may have stored leaves without writing them down, and nodes may have them: once newer ones took
    /// their place, nothing else would tell that they were this state's.
    private func writeDownStored(_ inventory: StateInventory) throws {
        let known = try ledger.issuedLeaves()
        // Entries of earlier versions do not say whose they are.
        guard known.areAllNamed else { return }
        let missing = inventory.leaves.filter { owner, leaf in
            known.places[owner]?[leaf.certificate.fingerprintSHA256] == nil
        }
        try ledger.append(
            missing.sorted { $0.key < $1.key }.map { owner, leaf in
                Self.entry(
                    "issued-leaf", leaf.certificate,
                    [
                        ("owner", owner), ("because", "a run that was killed had stored it"),
                        ("generation", leaf.generation),
                    ])
            }, now: now)
    }

    static func entry(
        of certificate: Certificate, _ issue: CertificateIssue, _ owner: String, _ id: String
    ) -> Ledger.Entry {
        entry(
            "issued-leaf", certificate.summary,
            [("owner", owner), ("because", issue.reason.description), ("generation", id)])
    }

    static func entry(
        _ event: String, _ certificate: CertificateSummary, _ fields: [(String, String)]
    ) -> Ledger.Entry {
        Ledger.Entry(
            event: event,
            fields: fields + [
                ("subject", certificate.subject), ("serial", certificate.serial),
                ("notAfter", certificate.notAfter.description), ("sha256", certificate.fingerprintSHA256),
            ])
    }

    /// RSA keys take 0.1-0.3 s each and dominate a run.
    static func generateKeys(_ algorithms: [KeyAlgorithm]) async throws -> [PrivateKey] {
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
