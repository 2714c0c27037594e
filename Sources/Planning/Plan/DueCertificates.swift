// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// Which certificates of a cluster must be replaced now, and which one will be next.
///
/// It is a question of time alone: what the spec asks for, or a node lacks, is for `init`.
package struct DueCertificates: Sendable, Equatable {
    package struct Item: Sendable, Equatable {
        /// nil for the CA.
        package var owner: String?
        package var certificate: CertificateSummary
        /// From when on it is due.
        package var from: UnixTime

        package init(owner: String?, certificate: CertificateSummary, from: UnixTime) {
            self.owner = owner
            self.certificate = certificate
            self.from = from
        }
    }

    /// The requestheader CA, where it is due.
    package private(set) var ca: Item?
    /// Proxy clients that are due, in the order of the spec.
    package private(set) var leaves: [Item] = []
    /// What is due next of all that is not due yet; nil where everything is.
    package private(set) var next: Item?
    /// Nodes that hold a pair that is due, or on which a change was interrupted, in the order of the spec.
    package private(set) var nodes: [String] = []

    /// - Parameter observed: what was found on the nodes; nodes that are missing here count by the state alone.
    /// - Returns: nil where the state holds no CA, so that nothing can be renewed.
    package init?(
        _ spec: ClusterSpec, inventory: StateInventory, observed: [ObservedNode] = [], now: UnixTime,
        rule: RenewalRule
    ) {
        guard let current = inventory.current else { return nil }
        take(Item(nil, current.certificate, rule), now)
        var known: Set<String> = []
        for node in spec.nodes {
            let owner = LeafOwner.of(node, in: spec)
            guard let leaf = inventory.leaves[owner] else { continue }
            let found = observed.first { $0.name == node.name }
            let own = Item(owner, leaf.certificate, rule)
            // One that ends with its CA cannot be made to last longer: the CA is due before it.
            let endsWithCA = leaf.certificate.notAfter >= current.certificate.notAfter
            if !endsWithCA, known.insert(owner).inserted { take(own, now) }
            // A run that was killed may have issued one that never reached its node.
            let installed = found?.installedLeaf.flatMap { installed in
                installed.fingerprintSHA256 == leaf.certificate.fingerprintSHA256
                    ? nil : Item(owner, installed, rule)
            }
            let isOwnDue = !endsWithCA && own.isDue(now)
            if !isOwnDue, let installed, installed.isDue(now) { take(installed, now) }
            if isOwnDue || installed.isDue(now) || found?.transaction != nil { nodes.append(node.name) }
        }
    }

    private mutating func take(_ item: Item?, _ now: UnixTime) {
        guard let item else { return }
        if item.isDue(now) {
            if item.owner == nil { ca = item } else { leaves.append(item) }
        } else if next.map({ item.from < $0.from }) ?? true {
            next = item
        }
    }
}

extension DueCertificates.Item {
    fileprivate init?(_ owner: String?, _ certificate: CertificateSummary, _ rule: RenewalRule) {
        guard let from = rule.dueTime(certificate) else { return nil }
        self.init(owner: owner, certificate: certificate, from: from)
    }

    fileprivate func isDue(_ now: UnixTime) -> Bool { now >= from }
}

extension Optional where Wrapped == DueCertificates.Item {
    fileprivate func isDue(_ now: UnixTime) -> Bool { self?.isDue(now) ?? false }
}
