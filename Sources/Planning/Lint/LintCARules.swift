// SPDX-License-Identifier: Apache-2.0

import Values

/// The requestheader CA.
enum LintCARules {
    static let all = [
        LintRule(.caUnreadable) { context in
            guard case .broken(let code, let cause) = context.facts.ca.content, code != keyInBundle,
                !context.facts.ca.hasMark
            else { return [] }
            return [LintHit(context.facts.ca.path, ["cause": cause])]
        },
        LintRule(.clientCAUnreadable) { context in
            guard let file = LintFileRules.clientCA(context), file.path != context.facts.ca.path,
                case .broken(let code, let cause) = file.content, code != keyInBundle
            else { return [] }
            return [LintHit(file.path, ["cause": cause])]
        },
        LintRule(.keyInCertificateFile) { context in
            let files =
                [context.facts.ca, context.facts.certificate]
                + [context.facts.clientCA].compactMap { $0 }.filter { $0.path != context.facts.ca.path }
            return files.filter { file in
                guard case .broken(keyInBundle, _) = file.content else { return false }
                // One file for certificate and key is guarded as a key.
                return file.path != context.facts.key.path
            }.map { LintHit($0.path) }
        },
        LintRule(.notACA) { context in
            context.cas.filter { !$0.maySign }.map { hit(context, $0) }
        },
        LintRule(.caPurpose) { context in
            context.cas.filter { $0.maySign && !$0.allowsClients }.map { hit(context, $0) }
        },
        LintRule(.caExpired) { context in
            let expired = expired(context)
            guard let last = expired.max(by: { $0.notAfter < $1.notAfter }), isNeeded(expired, context)
            else { return [] }
            return [hit(context, last)]
        },
        LintRule(.expiredCAKept) { context in
            let expired = expired(context)
            return isNeeded(expired, context) ? [] : expired.map { hit(context, $0) }
        },
        LintRule(.severalCAs) { context in
            let valid = context.cas.filter { $0.notAfter > context.facts.now }
            let subjects = valid.map(\.subject)
            guard Set(valid.map(\.fingerprintSHA256)).count > 1 else { return [] }
            let unused = valid.filter { !context.facts.issuers.contains($0.fingerprintSHA256) }
            return [
                LintHit(
                    context.facts.ca.path,
                    [
                        "subjects": subjects.joined(separator: "; "),
                        "unused": unused.map(\.subject).joined(separator: "; "),
                    ])
            ]
        },
        LintRule(.sharedCA) { context in
            guard let clientCA = context.facts.clientCA else { return [] }
            let keys = Set(clientCA.certificates.map(\.publicKeySHA256))
            let shared = context.cas.first { keys.contains($0.publicKeySHA256) }
            return shared.map {
                var found = hit(context, $0)
                found.details["clientCA"] = Message(verbatim: context.facts.display(clientCA.path))
                return [found]
            } ?? []
        },
    ]

    private static let keyInBundle = "pki/key-in-bundle"

    private static func hit(_ context: LintContext, _ certificate: CertificateSummary) -> LintHit {
        LintHit(
            context.facts.ca.path,
            ["subject": certificate.subject, "notAfter": "\(certificate.notAfter)"])
    }

    private static func expired(_ context: LintContext) -> [CertificateSummary] {
        context.cas.filter { $0.notAfter <= context.facts.now }
    }

    /// Whether nothing is trusted without the expired ones: they are all that there is, or have alone signed what is
    /// presented.
    private static func isNeeded(_ expired: [CertificateSummary], _ context: LintContext) -> Bool {
        guard !expired.isEmpty else { return false }
        let gone = Set(expired.map(\.fingerprintSHA256))
        let issuers = context.facts.issuers
        return gone.count == Set(context.cas.map(\.fingerprintSHA256)).count
            || !issuers.isEmpty && issuers.isSubset(of: gone)
    }
}
