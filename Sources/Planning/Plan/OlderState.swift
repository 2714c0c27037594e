// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// Finds that a state directory is an older copy: the control planes have what another copy of it has issued since.
///
/// To go on with it would bring back what was replaced, and issue what the other copy does not know.
package enum OlderState {
    /// Why nothing may be changed with this state; nil where it is not known to be older.
    /// - Parameter isRotationOpen: whether it has a rotation of the CA open, so that nothing else leads on.
    package static func refusal(
        _ spec: ClusterSpec, inventory: StateInventory, nodes: [ObservedNode], isRotationOpen: Bool = false
    ) -> Refusal? {
        guard let current = inventory.current else { return nil }
        for node in nodes {
            // A state that never served this node cannot have been replaced there.
            guard let nodeSpec = spec.nodes.first(where: { $0.name == node.name }),
                let own = inventory.leaves[LeafOwner.of(nodeSpec, in: spec)]
            else { continue }
            if let ca = newerCA(node, inventory, current.certificate) {
                return refusal(
                    "\(node.name) has the requestheader CA \(ca.subject), valid from \(ca.notBefore), and the newest CA of this "
                        + "state directory is valid from \(current.certificate.notBefore)",
                    wayOut: "rotate --ca")
            }
            if let leaf = newerLeaf(node, inventory, own.certificate) {
                return refusal(
                    "\(node.name) has a proxy client certificate that is valid from \(leaf.notBefore), signed by "
                        + "\(leaf.issuer), that this state directory did not issue; its own is valid from "
                        + "\(own.certificate.notBefore)",
                    wayOut: isRotationOpen ? "rotate --ca" : "rotate")
            }
        }
        return nil
    }

    /// One that was made as ours was, after it, and not here.
    private static func newerCA(
        _ node: ObservedNode, _ inventory: StateInventory, _ current: CertificateSummary
    ) -> CertificateSummary? {
        guard let name = nameOfAllGenerations(current) else { return nil }
        let known = Set(inventory.generations.map(\.certificate.fingerprintSHA256))
        return node.requestHeaderCAs.flatMap(\.certificates).first {
            !known.contains($0.fingerprintSHA256) && nameOfAllGenerations($0)?.bytes == name.bytes
                && $0.notBefore >= current.notBefore
        }
    }

    /// A CA's common name without what its key adds to it; nil for one that this program has not made.
    private static func nameOfAllGenerations(_ ca: CertificateSummary) -> String? {
        guard let name = ca.commonName, let key = ca.subjectKeyIdentifier else { return nil }
        let own = " \(key.prefix(8))"
        return name.hasSuffix(own) ? String(name.dropLast(own.count)) : nil
    }

    /// One that a CA of this state has signed after the newest one here, and not here.
    private static func newerLeaf(
        _ node: ObservedNode, _ inventory: StateInventory, _ own: CertificateSummary
    ) -> CertificateSummary? {
        guard let leaf = node.installedLeaf, let known = inventory.issuedLeaves,
            !known.contains(leaf.fingerprintSHA256), leaf.notBefore >= own.notBefore,
            !inventory.adoptedLeaves.contains(leaf.fingerprintSHA256)
        else { return nil }
        let isOurs = inventory.generations.contains {
            $0.standing == .issued && $0.certificate.subjectDER == leaf.issuerDER
                && leaf.authorityKeyIdentifier != nil
                && $0.certificate.subjectKeyIdentifier == leaf.authorityKeyIdentifier
        }
        return isOurs ? leaf : nil
    }

    private static func refusal(_ what: Message, wayOut: String) -> Refusal {
        Refusal(
            code: "plan/older-state", node: nil,
            message: "this state directory is older than what the control planes have: \(what)",
            hint:
                "use the copy that changed them last: if it is here, with --state DIR; if it is on another machine, with state export "
                + "there and state import here. Only if it is lost: aggbootstrap \(wayOut) --accept-older-state"
        )
    }
}
