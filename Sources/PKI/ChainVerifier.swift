// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL
import Planning
import Values

/// Says whether a kube-apiserver would accept a client certificate, by libcrypto's chain building and by the
/// rules of Go's crypto/x509 where the two differ.
package enum ChainVerifier {
    /// Returns where `leaf` is a TLS client's certificate under `bundle` at `now`; else throws the reason.
    ///
    /// As in Go, every certificate of the bundle is a trust anchor, an intermediate CA included, each one on
    /// the path must be valid at `now`, and extended key usages narrow from the anchor down. Names are not
    /// checked. One chain that Go accepts is refused: CA and leaf of one subject without a key identifier
    /// (`.sameSubjectNoAKI`), which most other TLS libraries reject.
    package static func verify(
        leaf: Certificate, intermediates: [Certificate], bundle: [Certificate], at now: UnixTime
    ) throws(PKIError) {
        if issuerOfSameName(leaf, bundle) != nil {
            throw refusal(
                .sameSubjectNoAKI, leaf.summary.subject, "it and its CA have the same subject DN and no AKI",
                hint: "issue a CA with a subject of its own and a new certificate from it; "
                    + "kube-apiserver accepts this certificate, but most other TLS servers do not")
        }
        let chain = try path(from: leaf, intermediates: intermediates, bundle: bundle, at: now)
        try checkAsGo(chain)
    }

    /// The same, but also returns for the one chain that only Go accepts: what kube-apiserver does today, and not what
    /// should be installed.
    package static func verifyAsGo(
        leaf: Certificate, intermediates: [Certificate], bundle: [Certificate], at now: UnixTime
    ) throws(PKIError) {
        guard let ca = issuerOfSameName(leaf, bundle) else {
            return try verify(leaf: leaf, intermediates: intermediates, bundle: bundle, at: now)
        }
        for certificate in [leaf, ca] {
            let summary = certificate.summary
            if now < summary.notBefore {
                throw refusal(.notYetValid, summary.subject, "it is not valid before \(summary.notBefore)")
            }
            if now > summary.notAfter {
                throw refusal(.expired, summary.subject, "it expired at \(summary.notAfter)")
            }
        }
        guard ca.summary.isCA else { throw refusal(.notACA, leaf.summary.subject, "its issuer is not a CA") }
        try checkAsGo([leaf, ca])
    }

    /// What Go looks at and libcrypto does not, from the leaf to the trust anchor.
    private static func checkAsGo(_ chain: [Certificate]) throws(PKIError) {
        let subject = chain.first?.summary.subject ?? ""
        for (index, certificate) in chain.enumerated() {
            let summary = certificate.summary
            guard summary.allowsClients else {
                throw refusal(
                    .usage, subject,
                    "\(summary.subject) has extended key usages without client auth")
            }
            if summary.serial.hasPrefix("-") {
                throw refusal(.refusedByGo, subject, "\(summary.subject) has a negative serial number")
            }
            if index + 1 == chain.count { break }
            if summary.issuerDER != chain[index + 1].summary.subjectDER {
                throw refusal(
                    .refusedByGo, subject,
                    "the issuer's name in \(summary.subject) is encoded differently from the CA's own")
            }
            try requireStrongSignature(certificate, subject)
        }
    }

    /// Whether `certificate` names `ca` as its issuer, byte for byte, and has its signature; nothing else counts.
    package static func isSigned(_ certificate: Certificate, by ca: Certificate) -> Bool {
        // A key that cannot be read leaves an error.
        defer { ErrorQueue.clear() }
        guard certificate.summary.issuerDER == ca.summary.subjectDER,
            let key = X509_get0_pubkey(ca.x509.pointer)
        else { return false }
        return X509_verify(certificate.x509.pointer, key) == 1
    }

    static func refusal(
        _ code: PKIError.Code, _ subject: String, _ cause: Message, hint: Message? = nil
    ) -> PKIError {
        PKIError(code, operation: "trust", subject: subject, underlying: cause, hint: hint)
    }

    /// The CA of the bundle that has signed `leaf` and has its subject, without a key identifier that tells them apart.
    ///
    /// libcrypto calls such a leaf self-signed, which misleads.
    private static func issuerOfSameName(_ leaf: Certificate, _ bundle: [Certificate]) -> Certificate? {
        let summary = leaf.summary
        guard summary.subjectDER == summary.issuerDER, summary.authorityKeyIdentifier == nil,
            !bundle.contains(leaf)
        else { return nil }
        return bundle.first { isSigned(leaf, by: $0) }
    }

    /// Go refuses SHA-1 and older on every certificate but the trust anchor, whose signature it never reads.
    private static func requireStrongSignature(
        _ certificate: Certificate, _ subject: String
    ) throws(PKIError) {
        if let name = certificate.summary.weakDigest {
            throw refusal(
                .weakSignature, subject, "\(certificate.summary.subject) is signed with \(name)",
                hint: "issue it again with SHA-256 or better")
        }
    }
}

// Chain building.
extension ChainVerifier {
    /// The certificates from `leaf` to its trust anchor.
    private static func path(
        from leaf: Certificate, intermediates: [Certificate], bundle: [Certificate], at now: UnixTime
    ) throws(PKIError) -> [Certificate] {
        let (operation, subject): (Message, String) = ("trust", leaf.summary.subject)
        let store = StoreHandle(owning: try owned(operation, subject) { X509_STORE_new() })
        for certificate in bundle {
            // The store takes a reference of its own.
            try check(operation, subject) { X509_STORE_add_cert(store.pointer, certificate.x509.pointer) }
        }
        let untrusted = X509StackHandle(owning: try owned(operation, subject) { OPENSSL_sk_new_null() })
        for certificate in intermediates {
            try untrusted.append(certificate.x509)
        }
        let context = StoreContextHandle(owning: try owned(operation, subject) { X509_STORE_CTX_new() })
        try check(operation, subject) {
            X509_STORE_CTX_init(context.pointer, store.pointer, leaf.x509.pointer, untrusted.pointer)
        }
        let parameters = X509_STORE_CTX_get0_param(context.pointer)
        X509_VERIFY_PARAM_set_time(parameters, Int(now.seconds))
        // No purpose: libcrypto's demands key usages that Go does not look at. `verify` checks the usages.
        try check(operation, subject) {
            X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        }
        ErrorQueue.clear()
        guard X509_verify_cert(context.pointer) == 1 else { throw failure(context, leaf, at: now) }
        ErrorQueue.clear()
        let chain = X509_STORE_CTX_get0_chain(context.pointer)
        var certificates: [Certificate] = []
        for index in 0..<max(0, OPENSSL_sk_num(chain)) {
            guard let pointer = OpaquePointer(OPENSSL_sk_value(chain, index)) else { continue }
            // libcrypto builds the path of the objects that it was given.
            if let known = ([leaf] + intermediates + bundle).first(where: { $0.x509.pointer == pointer }) {
                certificates.append(known)
            } else {
                let der = try encoded(operation, subject) { i2d_X509(pointer, &$0) }
                certificates.append(try Certificate(der: der, path: subject))
            }
        }
        return certificates
    }

    private static func failure(
        _ context: borrowing StoreContextHandle, _ leaf: Certificate, at now: UnixTime
    ) -> PKIError {
        defer { ErrorQueue.clear() }
        let number = X509_STORE_CTX_get_error(context.pointer)
        var cause: Message =
            X509_verify_cert_error_string(Int(number)).map { Message(system: $0) }
            ?? "error \(number)"
        if let culprit = X509_STORE_CTX_get_current_cert(context.pointer),
            X509_STORE_CTX_get_error_depth(context.pointer) > 0,
            let name = try? NameText.text(of: X509_get_subject_name(culprit), leaf.summary.subject)
        {
            cause += " (\(name))"
        }
        let (code, hint): (PKIError.Code, Message?) =
            switch number {
            case X509_V_ERR_CERT_HAS_EXPIRED: (.expired, "issue it again, or check this machine's clock")
            case X509_V_ERR_CERT_NOT_YET_VALID:
                (.notYetValid, "check this machine's clock: it is \(now) here")
            case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
                (.untrusted, "the CA that issued it is not in the bundle: \(leaf.summary.issuer)")
            case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: (.selfSigned, nil)
            case X509_V_ERR_CERT_SIGNATURE_FAILURE: (.badSignature, "a CA of the same name did not issue it")
            case X509_V_ERR_INVALID_CA, X509_V_ERR_KEYUSAGE_NO_CERTSIGN: (.notACA, nil)
            default: (.chain, nil)
            }
        return refusal(code, leaf.summary.subject, cause, hint: hint)
    }
}
