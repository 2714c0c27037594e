// SPDX-License-Identifier: Apache-2.0

import Values

/// Where a rotation stands, read from what lies on the nodes.
package enum RotationPosition {
    /// What one node holds.
    package struct Node: Sendable, Equatable {
        package var name: String
        /// Whether its trust bundle has the CA that is to stay.
        package var trustsKept: Bool
        /// Whether its trust bundle has any that is to go.
        package var trustsRetired: Bool
        /// Whether the CA that is to stay has signed its proxy client.
        package var hasNewLeaf: Bool
        /// Whether the CA that is to stay has a cross certificate that the node does not present.
        package var lacksChain: Bool

        package init(
            name: String, trustsKept: Bool, trustsRetired: Bool, hasNewLeaf: Bool, lacksChain: Bool = false
        ) {
            self.name = name
            self.trustsKept = trustsKept
            self.trustsRetired = trustsRetired
            self.hasNewLeaf = hasNewLeaf
            self.lacksChain = lacksChain
        }

        package init(_ node: ObservedNode, keep: CAGeneration, retire: [CAGeneration]) {
            let bundle = node.requestHeaderCAs.first { $0.path == node.ca.path }?.certificates ?? []
            let trusted = Set(bundle.map(\.fingerprintSHA256))
            let leaf = node.installedLeaf
            self.init(
                name: node.name, trustsKept: trusted.contains(keep.certificate.fingerprintSHA256),
                trustsRetired: retire.contains { trusted.contains($0.certificate.fingerprintSHA256) },
                hasNewLeaf: leaf.map { Self.isOf($0, keep: keep, retire: retire) } ?? false,
                lacksChain: keep.crossSigned.map {
                    node.certificate.content?.suffix($0.pem.count) != $0.pem[...]
                } ?? false)
        }

        /// Names of generations differ, and so do their key identifiers. Of a CA that was made elsewhere, back to which
        /// the rotation goes, a certificate may have none, or another CA between: it is what none of ours has signed.
        private static func isOf(
            _ leaf: CertificateSummary, keep: CAGeneration, retire: [CAGeneration]
        ) -> Bool {
            func isSigned(by ca: CAGeneration) -> Bool {
                leaf.issuerDER == ca.certificate.subjectDER
                    && leaf.authorityKeyIdentifier == ca.certificate.subjectKeyIdentifier
            }
            return keep.standing == .foreign ? !retire.contains(where: isSigned) : isSigned(by: keep)
        }
    }

    /// Why the nodes could not return to `old` any more; nil where they could.
    package static func tooLate(_ nodes: [Node], old: CAGeneration) -> Message? {
        if let node = nodes.first(where: { $0.trustsKept && !$0.trustsRetired }) {
            return "\(node.name) does not trust the old CA any more"
        }
        if old.standing != .issued, let node = nodes.first(where: \.hasNewLeaf) {
            return
                "\(node.name) presents a certificate of the new CA, and its old certificate and key are not in the state directory"
        }
        return nil
    }

    /// The first stage that has something left to do: `trust`, `leaves`, `soak` or `drop`.
    /// - Parameter mayTrustRetired: whether what is to go may be trusted once more, by control planes that have
    ///   dropped it already, for another one that was found later.
    /// - Throws: a refusal where the nodes fit no stage, since going on could take a proxy client's trust away.
    package static func stage(
        _ nodes: [Node], mayTrustRetired: Bool = true
    ) throws(Refusal) -> RotationStage {
        if let lost = nodes.first(where: { !$0.trustsKept && !$0.trustsRetired }) {
            throw Refusal(
                code: "rotation/no-trust", node: lost.name,
                message: "its trust bundle holds neither the old CA nor the new one",
                hint: "look at that file, and replace it by that of another control plane")
        }
        let dropped = nodes.filter { $0.trustsKept && !$0.trustsRetired }
        let old = nodes.filter { !$0.hasNewLeaf }
        if old.isEmpty {
            // Back from a trust that was only begun, or forward after everybody presents the new one.
            if !nodes.allSatisfy(\.trustsKept) { return .trust }
            // Made after the first proxy clients had been put in place; once the old CA is dropped it is too late.
            if dropped.isEmpty, nodes.contains(where: \.lacksChain) { return .leaves }
            return dropped.isEmpty ? .soak : .drop
        }
        if !mayTrustRetired, let early = dropped.first, let late = old.first {
            throw Refusal(
                code: "rotation/divergence", node: early.name,
                message:
                    "it does not trust the old CA any more, while \(late.name) still presents a certificate of it",
                hint:
                    "others may have the old CA's key, so it must not be trusted again: stop kube-apiserver on "
                    + "\(late.name), copy the three files of \(early.name) to it, start it, then run it again"
            )
        }
        return nodes.allSatisfy { $0.trustsKept && $0.trustsRetired } ? .leaves : .trust
    }
}
