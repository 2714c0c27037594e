// SPDX-License-Identifier: Apache-2.0

/// Which certificates have to be issued, and why.
struct CertificateDecisions {
    var issues: [CertificateIssue] = []
    var refusals: [Refusal] = []
    var notices: [Notice] = []

    /// - Parameter inventory: what the state directory holds.
    init(
        spec: ClusterSpec, inventory: StateInventory, now: UnixTime, renewal: RenewalRule = .twoThirds,
        stage: CertificateStage? = nil
    ) {
        if let stage {
            issueSigned(stage, spec, inventory, now)
            return
        }
        let profile = CertificateCatalog.ca(spec)
        noteKeys(spec)
        guard let current = inventory.current else {
            let issue = Self.issueCA(profile, now: now)
            issues.append(issue)
            for owner in Self.owners(spec) {
                let leaf = inventory.leaves[owner]
                issues.append(
                    Self.issueLeaf(
                        owner, spec, caEnd: issue.notAfter, now: now,
                        reason: leaf == nil ? "there is none yet" : "its CA is not in the state",
                        replaces: leaf))
            }
            return
        }
        guard checkValidity(of: current, now: now) else { return }
        if RenewalPolicy.isDue(current.certificate, now: now) {
            notices.append(
                Notice(
                    code: "plan/ca-due", node: nil,
                    message: "CA due: \(current.certificate.subject) ends \(current.certificate.notAfter); "
                        + "init never replaces a CA, rotate --ca does"))
        }
        if current.certificate.key != profile.key {
            notices.append(
                Notice(
                    code: "plan/ca-differs", node: nil,
                    message:
                        "the CA has a key of another kind (\(Self.text(current.certificate.key))) than the spec "
                        + "asks for (\(profile.key)); init never replaces a CA"))
        }
        for owner in Self.owners(spec) {
            let leaf = inventory.leaves[owner]
            let wanted = CertificateCatalog.proxyClient(spec).canonicalText
            guard
                let reason = Self.reason(
                    for: leaf, current: current, profile: wanted, now: now, renewal: renewal)
            else { continue }
            issues.append(
                Self.issueLeaf(
                    owner, spec, caEnd: current.certificate.notAfter, now: now, reason: reason, replaces: leaf
                ))
        }
    }

    /// During a rotation: the leaves that its generation has not signed yet.
    private mutating func issueSigned(
        _ stage: CertificateStage, _ spec: ClusterSpec, _ inventory: StateInventory, _ now: UnixTime
    ) {
        guard case .signed(let generation) = stage.leaves else { return }
        for owner in Self.owners(spec) where inventory.leaf(of: owner, signedBy: generation) == nil {
            issues.append(
                Self.issueLeaf(
                    owner, spec, caEnd: generation.certificate.notAfter, now: now,
                    reason: "its CA is replaced", replaces: inventory.leaves[owner]))
        }
    }

    /// Owners of leaves in the order of the spec's nodes.
    static func owners(_ spec: ClusterSpec) -> [String] {
        spec.certificates.proxyClient.perNode ? spec.nodes.map(\.name) : [LeafOwner.shared]
    }

    /// Keys that work with kube-apiserver and not everywhere.
    private mutating func noteKeys(_ spec: ClusterSpec) {
        let leaf = spec.certificates.proxyClient
        if case .rsa = leaf.key {
        } else if leaf.usages.contains(.keyEncipherment) {
            notices.append(
                Notice(
                    code: "plan/key-encipherment", node: nil,
                    message:
                        "\"key encipherment\" means nothing with a key of type \(leaf.key): linters complain, "
                        + "kube-apiserver does not"))
        }
        if leaf.key == .ed25519 || spec.certificates.ca.key == .ed25519 {
            notices.append(
                Notice(
                    code: "plan/ed25519", node: nil,
                    message:
                        "kube-apiserver takes Ed25519 keys; kubeadm's own certificate commands refuse them"))
        }
    }

    private mutating func checkValidity(of ca: CAGeneration, now: UnixTime) -> Bool {
        let certificate = ca.certificate
        if now >= certificate.notAfter {
            refusals.append(
                Refusal(
                    code: "plan/ca-expired", node: nil,
                    message:
                        "the CA in the state, \(certificate.subject), expired at \(certificate.notAfter)",
                    hint: "aggbootstrap rotate --ca replaces it on every control plane; init never does"))
            return false
        }
        if now < certificate.notBefore {
            refusals.append(
                Refusal(
                    code: "plan/clock", node: nil,
                    message: "the clock says \(now), which is before the CA in the state begins, "
                        + "\(certificate.notBefore) (\(certificate.subject))",
                    hint: "set the clock of this machine right, then run it again"))
            return false
        }
        return true
    }

    private static func reason(
        for leaf: IssuedLeaf?, current: CAGeneration, profile: String, now: UnixTime,
        renewal: RenewalRule
    ) -> String? {
        guard let leaf else { return "there is none yet" }
        let certificate = leaf.certificate
        if leaf.generation != current.id { return "it was signed by CA generation \(leaf.generation)" }
        if leaf.profile != profile { return "the spec asks for another certificate" }
        if now < certificate.notBefore { return "it is not valid before \(certificate.notBefore)" }
        if now >= certificate.notAfter { return "it expired at \(certificate.notAfter)" }
        guard let reason = renewal.reason(for: certificate, now: now) else { return nil }
        // A leaf that ends with its CA cannot be made to last longer; issuing it again would never end.
        if renewal != .always, certificate.notAfter >= current.certificate.notAfter { return nil }
        return reason
    }

    private static func issueCA(_ profile: CertificateProfile, now: UnixTime) -> CertificateIssue {
        let begin = now.advanced(bySeconds: -CertificateCatalog.backdatingSeconds)
        return CertificateIssue(
            owner: nil, profile: profile, reason: "there is none yet", notBefore: begin,
            notAfter: begin.advanced(bySeconds: profile.validity.seconds), shortened: false, replaces: nil)
    }

    private static func issueLeaf(
        _ owner: String, _ spec: ClusterSpec, caEnd: UnixTime, now: UnixTime, reason: String,
        replaces: IssuedLeaf?
    ) -> CertificateIssue {
        let profile = CertificateCatalog.proxyClient(spec)
        let begin = now.advanced(bySeconds: -CertificateCatalog.backdatingSeconds)
        let end = begin.advanced(bySeconds: profile.validity.seconds)
        return CertificateIssue(
            owner: owner, profile: profile, reason: reason, notBefore: begin, notAfter: min(end, caEnd),
            shortened: end >= caEnd, replaces: replaces?.certificate)
    }

    private static func text(_ key: KeyAlgorithm?) -> String { key.map(\.description) ?? "unknown" }
}
