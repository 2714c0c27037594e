// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL
import Planning
import Spec
import Values

extension CertificateAuthority {
    /// Issues a certificate for another CA's name and key: those who trust `ca` only then take leaves of `successor`,
    /// where this certificate is presented behind them.
    ///
    /// It is valid for no longer than either CA. It signs leaves only, whatever `successor` itself may sign.
    ///
    /// - Parameter leaves: of `successor`, at least one: each must verify with the result behind it under `ca` alone.
    /// - Throws: as `issueLeaf` for `ca` and its key; `.pathLength` where `ca` may not have a CA below it; `.notACA` and
    ///   `.expired` for `successor`; `.profile` where the two are one CA, or no leaf is given.
    package static func issueCrossSigned(
        _ successor: Certificate, by ca: Certificate, caKey: PrivateKey, proving leaves: [Certificate],
        now: UnixTime, serial: SerialNumber
    ) throws(PKIError) -> Certificate {
        let subject = successor.summary.subject
        try requireCrossSigner(ca, at: now)
        try requireAuthority(successor.summary, at: now)
        try require(caKey, of: ca, "cross-sign \(subject) by")
        guard successor.summary.subjectDER != ca.summary.subjectDER,
            successor.summary.publicKeySHA256 != ca.summary.publicKeySHA256, !leaves.isEmpty
        else {
            throw PKIError(
                .profile, operation: "cross-sign", subject: subject,
                underlying: leaves.isEmpty
                    ? "there is no proxy client certificate to prove it with"
                    : "it has the name or the key of the CA that signs it"
            )
        }
        let key = try owned("read the public key of", subject) { X509_get0_pubkey(successor.x509.pointer) }
        let validity = CertificateValidity(
            notBefore: max(
                now.advanced(bySeconds: -ValidityPeriod.backdatingSeconds), ca.summary.notBefore),
            notAfter: min(ca.summary.notAfter, successor.summary.notAfter))
        let certificate = try draft(key: key, validity: validity, serial: serial, subject)
        try certificate.name(
            subject: X509_get_subject_name(successor.x509.pointer),
            issuer: X509_get_subject_name(ca.x509.pointer), subject)
        try certificate.addKeyUsage(bits: UsageNames.bits(of: [UsageNames.certSign, UsageNames.crlSign]))
        try certificate.addBasicConstraints(.authority(pathLength: 0))
        try certificate.addSubjectKeyIdentifier(authorityIdentifier(successor))
        try certificate.addAuthorityKeyIdentifier(authorityIdentifier(ca))
        try certificate.sign(with: caKey, subject)
        let cross = try Certificate(der: certificate.der(), path: subject)
        // What its readers would refuse must not leave this function.
        for leaf in leaves {
            try ChainVerifier.verify(leaf: leaf, intermediates: [cross], bundle: [ca], at: now)
        }
        return cross
    }

    /// - Throws: `.notACA`, `.notYetValid`, `.expired` or `.pathLength` where `ca` may not sign another CA at `now`.
    package static func requireCrossSigner(_ ca: Certificate, at now: UnixTime) throws(PKIError) {
        try requireAuthority(ca.summary, at: now)
        // -1 stands for "no limit". Go and libcrypto hold trust anchors to theirs too.
        guard X509_get_pathlen(ca.x509.pointer) != 0 else {
            throw PKIError(
                .pathLength, operation: "cross-sign a CA by", subject: ca.summary.subject,
                underlying: "its own certificate allows no CA below it (path length 0)")
        }
    }
}
