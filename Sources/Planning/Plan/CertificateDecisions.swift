// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// Which certificates must be issued, and why.
struct CertificateDecisions {
    var issues: [CertificateIssue] = []
    var refusals: [Refusal] = []
    var notices: [Notice] = []

    /// - Parameter inventory: what the state directory holds.
    /// - Parameter limit: names of the nodes whose certificates this is about; nil for all of the spec.
    init(
        spec: ClusterSpec, limit: Set<String>? = nil, inventory: StateInventory, now: UnixTime,
        renewal: RenewalRule = .twoThirds, stage: CertificateStage? = nil
    ) {
        let everything = spec
        var spec = spec
        if let limit { spec.nodes = spec.nodes.filter { limit.contains($0.name) } }
        if let stage {
            issueSigned(stage, spec, inventory, now)
            return
        }
        let profile = CertificateCatalog.ca(spec)
        noteKeys(spec)
        guard let current = inventory.current else {
            // A key that is not kept can sign for the other nodes only now.
            issues = Self.newCA(
                spec.certificates.ca.keepsKey ? spec : everything, inventory, now: now, because: nil)
            if !spec.certificates.ca.keepsKey {
                notices.append(
                    Notice(
                        code: "plan/ca-key-not-kept", node: nil,
                        message:
                            "the CA's key is destroyed after it has signed for every node (certificates.ca.keep): "
                            + "a renewal or a new node then needs a new CA (rotate --ca)"))
            }
            return
        }
        guard checkValidity(of: current, now: now) else { return }
        if RenewalPolicy.isDue(current.certificate, now: now) {
            notices.append(
                Notice(
                    code: "plan/ca-due", node: nil,
                    message:
                        "the CA is due: \(current.certificate.subject) ends \(current.certificate.notAfter); "
                        + "init never replaces a CA: run aggbootstrap rotate --ca"))
        }
        if !current.isExternal, current.certificate.key != profile.key {
            notices.append(
                Notice(
                    code: "plan/ca-differs", node: nil,
                    message:
                        "the CA's key is \(Self.text(current.certificate.key)), and the spec "
                        + "asks for \(profile.key); init never replaces a CA: "
                        + "run aggbootstrap rotate --ca"))
        }
        if !spec.certificates.ca.keepsKey, current.hasKey {
            notices.append(
                Notice(
                    code: "plan/ca-key-kept", node: nil,
                    message: "certificates.ca.keep is false, and the state directory holds the key of "
                        + "\(current.certificate.subject); the key of the next CA (rotate --ca) is not kept")
            )
        }
        let wanted = CertificateCatalog.proxyClient(spec).canonicalText
        for owner in Self.owners(spec) {
            let leaf = inventory.leaves[owner]
            guard
                let reason = Self.reason(
                    for: leaf, current: current, profile: wanted, now: now, renewal: renewal)
            else { continue }
            guard current.canSign(for: spec) else {
                let isGood = leaf.map {
                    $0.generation == current.id && $0.profile == wanted && now >= $0.certificate.notBefore
                        && now < $0.certificate.notAfter
                }
                // A key that was lost is a loss, and not what was wanted.
                let mayWait = !spec.certificates.ca.keepsKey && renewal == .twoThirds && isGood ?? false
                cannotSign(owner, current, reason, spec, mayWait: mayWait)
                continue
            }
            issues.append(
                Self.issueLeaf(
                    owner, spec, ca: current.certificate.validity, now: now, reason: reason, replaces: leaf
                ))
        }
        if current.isExternal, !issues.isEmpty { noteSigner(spec) }
    }

    private mutating func noteSigner(_ spec: ClusterSpec) {
        let message: Message
        switch spec.certificates.ca.signing {
        case .here: return
        case .command(let words):
            message =
                "\(words.first ?? "") signs (certificates.ca.signer), and decides how long the certificates are valid"
        case .byHand:
            message =
                "the certificates are signed elsewhere (certificates.ca.external): the run ends with requests until each is there"
        }
        notices.append(
            Notice(
                code: "plan/signed-elsewhere", node: nil, message: message))
    }

    /// The CA and the leaves of a cluster that is to get a new one, the CA first.
    /// - Parameter reason: nil where there is no CA yet.
    static func newCA(
        _ spec: ClusterSpec, _ inventory: StateInventory, now: UnixTime, because reason: Message?
    ) -> [CertificateIssue] {
        let ca = issueCA(CertificateCatalog.ca(spec), now: now, reason: reason ?? CertificateIssue.noneYet)
        return [ca]
            + owners(spec).map { owner in
                let leaf = inventory.leaves[owner]
                return issueLeaf(
                    owner, spec, ca: ca.validity, now: now,
                    reason: reason
                        ?? (leaf == nil ? CertificateIssue.noneYet : "its CA is not in the state directory"),
                    replaces: leaf)
            }
    }

    /// A leaf must be issued, and the key that would sign it is gone.
    /// - Parameter mayWait: whether the one that is there still does its work.
    private mutating func cannotSign(
        _ owner: String, _ current: CAGeneration, _ reason: Message, _ spec: ClusterSpec, mayWait: Bool
    ) {
        let whose: Message =
            "the proxy client certificate" + (owner == LeafOwner.shared ? "" : " of \(owner)")
        let why: Message =
            spec.certificates.ca.keepsKey
            ? "the key of its CA, \(current.certificate.subject), is not in the state directory"
            : "the key of its CA, \(current.certificate.subject), was not kept"
        if mayWait {
            notices.append(
                Notice(
                    code: "plan/ca-due", node: nil,
                    message: "the CA is due: \(whose) needs renewal, because \(reason), and \(why); "
                        + "init never replaces a CA: run aggbootstrap rotate --ca"))
            return
        }
        refusals.append(
            Refusal(
                code: "plan/no-ca-key", node: nil,
                message: "\(whose) must be issued, because \(reason), and \(why)",
                hint: spec.certificates.ca.keepsKey
                    ? "restore the state directory from its backup; if there is none, or the key was never kept, run aggbootstrap rotate --ca (without --root), which makes a new CA"
                    : "run aggbootstrap rotate --ca (without --root), which makes a new CA and signs for every node of the spec"
            ))
    }

    /// During a rotation: the leaves that its generation has not signed yet.
    private mutating func issueSigned(
        _ stage: CertificateStage, _ spec: ClusterSpec, _ inventory: StateInventory, _ now: UnixTime
    ) {
        guard case .signed(let generation) = stage.leaves else { return }
        for owner in Self.owners(spec) where inventory.leaf(of: owner, signedBy: generation) == nil {
            issues.append(
                Self.issueLeaf(
                    owner, spec, ca: generation.certificate.validity, now: now,
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
                        "the usage \"key encipherment\" has no meaning for a key of type \(leaf.key): linters complain, "
                        + "kube-apiserver does not"))
        }
        if leaf.key == .ed25519 || spec.certificates.ca.key == .ed25519 {
            notices.append(
                Notice(
                    code: "plan/ed25519", node: nil,
                    message:
                        "kube-apiserver accepts Ed25519 keys; kubeadm's own certificate commands refuse them")
            )
        }
    }

    private mutating func checkValidity(of ca: CAGeneration, now: UnixTime) -> Bool {
        let certificate = ca.certificate
        if now >= certificate.notAfter {
            refusals.append(
                Refusal(
                    code: "plan/ca-expired", node: nil,
                    message:
                        "the CA in the state directory, \(certificate.subject), expired at \(certificate.notAfter)",
                    hint:
                        "run aggbootstrap rotate --ca, which makes a new CA and installs it on every control plane; init never "
                        + "replaces one"))
            return false
        }
        if now < certificate.notBefore {
            refusals.append(
                Refusal(
                    code: "plan/clock", node: nil,
                    message:
                        "the clock says \(now), which is before the start of the CA in the state directory, "
                        + "\(certificate.notBefore) (\(certificate.subject))",
                    hint: "correct the clock of this machine, then run it again"))
            return false
        }
        return true
    }

    private static func reason(
        for leaf: IssuedLeaf?, current: CAGeneration, profile: String, now: UnixTime,
        renewal: RenewalRule
    ) -> Message? {
        guard let leaf else { return CertificateIssue.noneYet }
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

    private static func issueCA(
        _ profile: CertificateProfile, now: UnixTime, reason: Message
    ) -> CertificateIssue {
        CertificateIssue(
            owner: nil, profile: profile, reason: reason,
            validity: CertificateValidity(profile.validity, at: now), shortened: false, replaces: nil)
    }

    private static func issueLeaf(
        _ owner: String, _ spec: ClusterSpec, ca: CertificateValidity, now: UnixTime, reason: Message,
        replaces: IssuedLeaf?
    ) -> CertificateIssue {
        let profile = CertificateCatalog.proxyClient(spec)
        let validity = CertificateValidity(profile.validity, at: now, within: ca)
        return CertificateIssue(
            owner: owner, profile: profile, reason: reason, validity: validity,
            shortened: validity.notAfter == ca.notAfter, replaces: replaces?.certificate)
    }

    private static func text(_ key: KeyAlgorithm?) -> String { key.map(\.description) ?? "unknown" }
}
