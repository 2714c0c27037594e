// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL
import Planning
import Spec
import Values

/// What a certificate that is signed elsewhere must be: everything is compared before any of it is used.
package struct SignedCertificate: Sendable {
    package let profile: CertificateProfile
    /// Lower-case hex SHA-256 of the public key that it must be for.
    package let publicKeySHA256: String
    /// The CA that nodes trust.
    package let ca: Certificate
    /// Where `ca` was read, for hints.
    package let caFile: String
    package let allowedNames: [String]
    package let now: UnixTime
    /// What an error calls it, for example `the certificate that sign.sh returned for cp1`.
    package let title: Message

    package init(
        _ profile: CertificateProfile, publicKeySHA256: String, ca: Certificate, caFile: String,
        allowedNames: [String], now: UnixTime, title: Message
    ) {
        (self.profile, self.publicKeySHA256) = (profile, publicKeySHA256)
        (self.ca, self.caFile) = (ca, caFile)
        (self.allowedNames, self.now, self.title) = (allowedNames, now, title)
    }

    /// The certificate in an answer, which is its first one; those behind it are CAs, and trusted for nothing.
    /// - Parameter answer: PEM.
    /// - Throws: the first thing in which it is not what was asked for, with what was found and what was expected.
    package func read(_ answer: [UInt8]) throws(SignedError) -> Certificate {
        let chain: [Certificate]
        do { chain = try Certificate.parseBundle(pem: answer, path: "it") } catch {
            throw refusal(
                .unreadable, error.underlying,
                hint: error.code == .keyInBundle
                    ? "write only certificates there, and replace that key"
                    : "write the certificate in PEM there, and nothing else")
        }
        guard let leaf = chain.first else {
            throw refusal(
                .unreadable, "there is no certificate in it", hint: "write the certificate in PEM there")
        }
        try checkKey(leaf, chain)
        try checkSubject(leaf)
        try checkUse(leaf.summary)
        try checkStrength(leaf.summary)
        try checkIssuer(leaf, chain)
        try checkTimes(leaf.summary)
        do { try ChainVerifier.verify(leaf: leaf, intermediates: [], bundle: [ca], at: now) } catch {
            throw refusal(.refused, error.underlying, hint: error.hint)
        }
        return leaf
    }

    private func refusal(_ code: SignedErrorCode, _ cause: Message, hint: Message?) -> SignedError {
        SignedError(code, operation: "use", subject: title, underlying: cause, hint: hint)
    }

    private func checkKey(_ leaf: Certificate, _ chain: [Certificate]) throws(SignedError) {
        let expected = publicKeySHA256
        if leaf.summary.publicKeySHA256 == expected { return }
        let isBehind = chain.contains { $0.summary.publicKeySHA256 == expected }
        throw refusal(
            .otherKey,
            isBehind
                ? "the first certificate in it is \(leaf.summary.subject), and the one for the requested key comes later"
                : "it is for another key than the request: public key SHA-256 \(leaf.summary.publicKeySHA256), expected \(expected)",
            hint: isBehind
                ? "write the new certificate first, and CAs behind it"
                : "sign the request as it is, and make no key for it")
    }

    private func checkSubject(_ leaf: Certificate) throws(SignedError) {
        let summary = leaf.summary
        let name = summary.commonName ?? ""
        guard allowedNames.containsBytes(name) else {
            throw refusal(
                .notAllowed,
                "its common name is \"\(SafeText.line(name))\", and requestHeader.allowedNames has only "
                    + allowedNames.map { "\"\($0)\"" }.joined(separator: ", "),
                hint: "let the CA keep the subject of the request")
        }
        let found = Self.attributes(of: X509_get_subject_name(leaf.x509.pointer))
        let expected: [String]
        do {
            let name = try SubjectName.make(profile.names, commonName: profile.commonName)
            expected = Self.attributes(of: name.pointer)
        } catch { throw refusal(.subject, error.underlying, hint: nil) }
        ErrorQueue.clear()
        guard found.elementsEqual(expected, by: { $0.utf8.elementsEqual($1.utf8) }) else {
            throw refusal(
                .subject,
                "its subject is \(summary.subject), expected \(expected.joined(separator: ","))",
                hint:
                    "let the CA keep the subject of the request, or set certificates.proxyClient.names to what it makes of it"
            )
        }
        let (hosts, wanted) = (Set(summary.hosts), Set(profile.hosts.map(\.description)))
        guard hosts == wanted else {
            throw refusal(
                .hosts,
                "its subject alternative names are \(Self.list(hosts)), expected \(Self.list(wanted))",
                hint:
                    "let the CA take them from the request, or set certificates.proxyClient.hosts to what it makes of them"
            )
        }
    }

    private func checkUse(_ summary: CertificateSummary) throws(SignedError) {
        if summary.isCA || summary.usages.contains(CertificateSummary.certSign) {
            throw refusal(
                .isCA, "it is a CA's certificate, and could sign others",
                hint: "have it signed as an end entity's: CA:FALSE, without the key usage cert sign")
        }
        guard summary.usages.contains(CertificateUsage.clientAuth.rawValue) else {
            throw refusal(
                .notAClient,
                "it lacks the extended key usage client auth: it has \(Self.list(Set(summary.usages)))",
                hint: "let the CA issue certificates of TLS clients")
        }
        let found = Set(summary.usages)
        let wanted = Set(
            profile.usages.map { ($0 == .signing ? CertificateUsage.digitalSignature : $0).rawValue })
        guard found == wanted else {
            throw refusal(
                .usages, "its usages are \(Self.list(found)), expected \(Self.list(wanted))",
                hint:
                    "let the CA take them from the request, or set certificates.proxyClient.usages to what it issues"
            )
        }
    }

    private func checkStrength(_ summary: CertificateSummary) throws(SignedError) {
        let weakness =
            summary.weakDigest.map { "it is signed with \($0)" }
            ?? summary.weakKey.map { "its key is \($0)" }
            ?? ca.summary.weakKey.map { "the key of its CA is \($0)" }
        if let weakness {
            throw refusal(
                .weak, "\(weakness), which API servers refuse", hint: "sign it with SHA-256 or better")
        }
    }

    private func checkIssuer(_ leaf: Certificate, _ chain: [Certificate]) throws(SignedError) {
        if ChainVerifier.isSigned(leaf, by: ca) { return }
        let expected: Message = "\(ca.summary.subject) of \(caFile)"
        if leaf.summary.issuerDER == ca.summary.subjectDER {
            throw refusal(
                .otherCA, "a CA of the same name as \(expected) signed it, with another key",
                hint:
                    "put the certificate of the CA that signs into \(caFile); to change CAs, run aggbootstrap rotate --ca"
            )
        }
        let signer = chain.dropFirst().first { ChainVerifier.isSigned(leaf, by: $0) }
        throw refusal(
            .otherCA,
            "\(leaf.summary.issuer) signed it, expected \(expected)"
                + (signer.map { "; its CA's SHA-256 is \($0.summary.fingerprintSHA256)" } ?? ""),
            hint:
                "put the certificate of the CA that signs into \(caFile), an intermediate CA's too; to change CAs, run "
                + "aggbootstrap rotate --ca")
    }

    private func checkTimes(_ summary: CertificateSummary) throws(SignedError) {
        let span: Message = "\(summary.notBefore) to \(summary.notAfter)"
        if now < summary.notBefore {
            throw refusal(
                .notYetValid, "it is valid from \(span), and it is \(now) now",
                hint: "check the clocks of this machine and of the CA, or have it back-dated by some minutes")
        }
        if now >= summary.notAfter {
            throw refusal(.expired, "it is valid from \(span), and it is \(now) now", hint: "sign it again")
        }
        guard summary.notAfter <= ca.summary.notAfter else {
            throw refusal(
                .outlivesCA, "it is valid until \(summary.notAfter), and its CA until \(ca.summary.notAfter)",
                hint: "let the CA issue it for a shorter time, or replace the CA")
        }
        // One that ends with its CA cannot be made to last longer.
        if summary.notAfter == ca.summary.notAfter { return }
        let least = profile.validity.seconds / 3
        guard summary.notAfter.seconds - now.seconds >= least, !RenewalPolicy.isDue(summary, now: now) else {
            throw refusal(
                .tooShort,
                "it is valid from \(span), expected at least \(max(1, least / 3600)) hours from now: a third of what the spec says",
                hint:
                    "let the CA issue it for longer, or set certificates.proxyClient.validity to what it issues"
            )
        }
    }

    /// Every attribute as `O=k8s`, sorted: two names of the same ones, in whatever order and type of string, have the same
    /// list. One that cannot be read counts.
    private static func attributes(of name: OpaquePointer?) -> [String] {
        let known = NameText.attributes(of: name).map { "\($0.name)=\($0.value)" }
        let unknown = max(0, Int(X509_NAME_entry_count(name)) - known.count)
        return (known + Array(repeating: "?", count: unknown)).sorted()
    }

    private static func list(_ words: Set<String>) -> String {
        words.isEmpty ? "none" : words.sorted().map { SafeText.line($0) }.joined(separator: ", ")
    }
}
