// SPDX-License-Identifier: Apache-2.0

import Values

/// The proxy client certificate and its key.
enum LintCertificateRules {
    static let all = [
        LintRule(.certificateUnreadable) { context in
            guard case .broken(let code, let cause) = context.facts.certificate.content,
                code != "pki/key-in-bundle", !context.facts.certificate.hasMark
            else { return [] }
            return [LintHit(context.facts.certificate.path, ["cause": cause])]
        },
        LintRule(.certificateOrder) { context in
            guard !context.pair.isFirst, let leaf = context.leaf else { return [] }
            return [LintHit(context.facts.certificate.path, ["subject": leaf.subject])]
        },
        LintRule(.chain) { context in
            guard let problem = context.facts.chainProblem, ofChain.contains(problem.code),
                context.cas.allSatisfy(\.maySign)
            else { return [] }
            return leaf(context) { _ in true }.map { hit in
                var hit = hit
                hit.details["ca"] = Message(verbatim: context.facts.display(context.facts.ca.path))
                hit.details["cause"] = problem.cause
                return hit
            }
        },
        LintRule(.refusedByGo) { context in
            guard let problem = context.facts.chainProblem, problem.code == "pki/refused-by-go" else {
                return []
            }
            return [LintHit(context.facts.certificate.path, ["cause": problem.cause])]
        },
        LintRule(.purpose) { context in leaf(context) { !$0.allowsClients } },
        LintRule(.expired) { context in leaf(context) { $0.notAfter <= context.facts.now } },
        LintRule(.notYetValid) { context in
            let early: (CertificateSummary) -> Bool = { $0.notBefore > context.facts.now }
            let ca = context.cas.first { early($0) && isInUse($0, context) }
            return leaf(context, early) + (ca.map { [hit(context.facts.ca.path, $0)] } ?? [])
        },
        LintRule(.endsSoon) { context in
            let limit = context.facts.now.advanced(bySeconds: context.facts.warnSeconds)
            let soon: (CertificateSummary) -> Bool = {
                $0.notAfter > context.facts.now && $0.notAfter <= limit
            }
            let ca = context.cas.first { soon($0) && isInUse($0, context) }
            return leaf(context, soon) + (ca.map { [hit(context.facts.ca.path, $0)] } ?? [])
        },
        LintRule(.outlivesCA) { context in
            let issuers = context.cas.filter { context.facts.issuers.contains($0.fingerprintSHA256) }
            guard let end = issuers.map(\.notAfter).max(), end > context.facts.now else { return [] }
            return leaf(context) { $0.notAfter > end }.map { hit in
                var hit = hit
                hit.details["caEnd"] = "\(end)"
                return hit
            }
        },
        LintRule(.noAKI) { context in
            leaf(context) { certificate in
                certificate.authorityKeyIdentifier == nil && !certificate.isCA
                    && !context.cas.contains { $0.fingerprintSHA256 == certificate.fingerprintSHA256 }
            }.map { hit in
                var hit = hit
                let isSame = context.leaf.map { $0.subjectDER == $0.issuerDER } ?? false
                hit.details["sameSubject"] = isSame ? "yes" : "no"
                return hit
            }
        },
        LintRule(.weakKey) { context in
            let ca = context.cas.filter { $0.weakKey != nil }.map {
                weak($0.weakKey, hit(context.facts.ca.path, $0))
            }
            return leaf(context) { $0.weakKey != nil }.map { weak(context.leaf?.weakKey, $0) } + ca
        },
        LintRule(.weakSignature) { context in
            leaf(context) { $0.weakDigest != nil }.map { weak(context.leaf?.weakDigest, $0) }
        },
        LintRule(.caAsClient) { context in leaf(context, \.isCA) },
        LintRule(.keyUnreadable) { context in
            guard case .broken(let code, let cause) = context.facts.key.content, code != encrypted,
                !context.facts.key.hasMark
            else { return [] }
            return [LintHit(context.facts.key.path, ["cause": cause])]
        },
        LintRule(.keyEncrypted) { context in
            guard case .broken(encrypted, _) = context.facts.key.content else { return [] }
            return [LintHit(context.facts.key.path)]
        },
        LintRule(.keyMismatch) { context in
            guard let key = context.facts.key.publicKeySHA256, let leaf = context.leaf,
                leaf.publicKeySHA256 != key
            else { return [] }
            return [
                LintHit(
                    context.facts.key.path,
                    [
                        "subject": leaf.subject,
                        "certificate": context.facts.display(context.facts.certificate.path),
                    ])
            ]
        },
        LintRule(.keyFileExtra) { context in
            guard case .key(_, hasOthers: true) = context.facts.key.content else { return [] }
            return [LintHit(context.facts.key.path)]
        },
    ]

    private static let encrypted = "pki/encrypted-key"
    private static let ofChain: Set<String> = [
        "pki/untrusted", "pki/self-signed", "pki/bad-signature", "pki/chain", "pki/not-a-ca",
        "pki/path-length",
    ]

    private static func weak(_ what: Message?, _ hit: LintHit) -> LintHit {
        var hit = hit
        hit.details["what"] = what
        return hit
    }

    /// Whether a CA matters to this node: it has signed what is presented, or nothing is known of that.
    private static func isInUse(_ ca: CertificateSummary, _ context: LintContext) -> Bool {
        context.facts.issuers.isEmpty || context.facts.issuers.contains(ca.fingerprintSHA256)
    }

    private static func leaf(
        _ context: LintContext, _ isMeant: (CertificateSummary) -> Bool
    ) -> [LintHit] {
        guard let leaf = context.leaf, isMeant(leaf) else { return [] }
        return [hit(context.facts.certificate.path, leaf)]
    }

    private static func hit(_ path: String, _ certificate: CertificateSummary) -> LintHit {
        LintHit(
            path,
            [
                "subject": certificate.subject, "issuer": certificate.issuer,
                "notBefore": "\(certificate.notBefore)", "notAfter": "\(certificate.notAfter)",
            ])
    }
}
