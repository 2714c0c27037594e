// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL
import Planning
import Spec
import Values

/// Issues certificates from profiles; validity, time and serial number are the caller's, so the same input gives the
/// same certificate (except for an ECDSA signature).
package enum CertificateAuthority {
    /// 9999-12-31T23:59:59Z, the last time that X.509 can write.
    private static let endOfTime = UnixTime(year: 9999, month: 12, day: 31, hour: 23, minute: 59, second: 59)

    /// How many CAs may follow one of ours towards a leaf: its successor, where `issueCrossSigned` vouches for it.
    private static let pathLength = 1

    /// Issues a self-signed CA whose common name is the profile's with the first 8 hex digits of its subject
    /// key identifier, so that no two generations share a subject; its hosts and usages are not read.
    ///
    /// Throws `.keyMismatch` where `key` is not of the profile's algorithm, `.profile` for a name or a
    /// validity that X.509 cannot hold.
    package static func issueCA(
        _ profile: CertificateProfile, key: PrivateKey, validity: CertificateValidity, serial: SerialNumber
    ) throws(PKIError) -> Certificate {
        let subject = "CN=\(profile.commonName)"
        try require(key, for: profile, subject)
        try requireX509(validity, subject)
        let certificate = try draft(key: key.shared.pointer, validity: validity, serial: serial, subject)
        let identifier = try publicKeyIdentifier(certificate.pointer, subject)
        let generation = Hex.text(identifier.prefix(4))
        let name = try SubjectName.make(
            profile.names, commonName: "\(profile.commonName) \(generation)")
        try certificate.name(subject: name.pointer, issuer: name.pointer, subject)
        try certificate.addKeyUsage(bits: UsageNames.bits(of: [UsageNames.certSign, UsageNames.crlSign]))
        try certificate.addBasicConstraints(.authority(pathLength: pathLength))
        try certificate.addSubjectKeyIdentifier(identifier)
        try certificate.addAuthorityKeyIdentifier(identifier)
        try certificate.sign(with: key, subject)
        return try Certificate(der: certificate.der(), path: subject)
    }

    /// Issues a client certificate.
    ///
    /// - Parameters:
    ///   - validity: must lie within the CA's.
    ///   - now: when it is issued; both certificates must be valid then.
    ///
    /// Throws `.keyMismatch` where `caKey` is not the key of `ca` or `key` is not of the profile's algorithm,
    /// `.expired` and `.notYetValid` for the CA at `now`, `.notACA` for a CA that may not sign, and whatever
    /// `ChainVerifier` finds wrong with the result.
    package static func issueLeaf(
        _ profile: CertificateProfile, key: PrivateKey, ca: Certificate, caKey: PrivateKey,
        validity: CertificateValidity, now: UnixTime, serial: SerialNumber
    ) throws(PKIError) -> Certificate {
        let subject = "CN=\(profile.commonName)"
        try requireAuthority(ca.summary, at: now)
        try require(caKey, of: ca, "issue \(subject) from")
        try require(key, for: profile, subject)
        try requireX509(validity, subject)
        guard validity.notBefore >= ca.summary.notBefore, validity.notAfter <= ca.summary.notAfter else {
            throw PKIError(
                .profile, operation: "issue", subject: subject,
                underlying:
                    "its validity, \(validity.notBefore) to \(validity.notAfter), exceeds its CA's, "
                    + "\(ca.summary.notBefore) to \(ca.summary.notAfter)")
        }
        let certificate = try draft(key: key.shared.pointer, validity: validity, serial: serial, subject)
        let name = try SubjectName.make(profile.names, commonName: profile.commonName)
        try certificate.name(
            subject: name.pointer, issuer: X509_get_subject_name(ca.x509.pointer), subject)
        try certificate.addKeyUsage(bits: UsageNames.keyUsageBits(of: profile.usages))
        try certificate.addExtendedKeyUsage(nids: UsageNames.extendedKeyUsages(of: profile.usages))
        try certificate.addBasicConstraints(.endEntity)
        try certificate.addSubjectKeyIdentifier(publicKeyIdentifier(certificate.pointer, subject))
        try certificate.addAuthorityKeyIdentifier(authorityIdentifier(ca))
        try certificate.addSubjectAlternativeNames(profile.hosts)
        try certificate.sign(with: caKey, subject)
        let leaf = try Certificate(der: certificate.der(), path: subject)
        // A certificate that its readers would refuse must not leave this function.
        try ChainVerifier.verify(leaf: leaf, intermediates: [], bundle: [ca], at: now)
        return leaf
    }

    /// - Throws: `.keyMismatch` where `key` is not the key of `ca`.
    static func require(_ key: PrivateKey, of ca: Certificate, _ operation: Message) throws(PKIError) {
        guard try !KeyPair.matches(certificate: ca, key: key) else { return }
        throw PKIError(
            .keyMismatch, operation: operation, subject: ca.summary.subject,
            underlying: "the CA's private key does not belong to it",
            hint: "restore the CA's certificate and key from one backup")
    }

    private static func require(
        _ key: PrivateKey, for profile: CertificateProfile, _ subject: String
    ) throws(PKIError) {
        guard KeyHandle.algorithm(of: key.shared.pointer) == profile.key else {
            throw PKIError(
                .keyMismatch, operation: "issue", subject: subject,
                underlying: "its private key is not \(profile.key), as the profile says")
        }
    }

    /// The CA's subject key identifier, computed where it has none.
    static func authorityIdentifier(_ ca: Certificate) throws(PKIError) -> [UInt8] {
        guard let identifier = X509_get0_subject_key_id(ca.x509.pointer) else {
            return try publicKeyIdentifier(ca.x509.pointer, ca.summary.subject)
        }
        return Array(
            UnsafeBufferPointer(
                start: ASN1_STRING_get0_data(identifier), count: Int(ASN1_STRING_length(identifier))))
    }

    /// SHA-1 of the public key's bits (RFC 5280, 4.2.1.2, method 1): an identifier, not a protection.
    private static func publicKeyIdentifier(
        _ certificate: OpaquePointer, _ subject: String
    ) throws(PKIError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var size: UInt32 = 0
        try check("compute the key identifier of", subject) {
            X509_pubkey_digest(certificate, EVP_sha1(), &digest, &size)
        }
        return Array(digest.prefix(Int(size)))
    }

    /// - Throws: `.notACA`, `.notYetValid` or `.expired` where a CA may not sign at `now`.
    static func requireAuthority(
        _ ca: CertificateSummary, at now: UnixTime
    ) throws(PKIError) {
        func refusal(_ code: PKIError.Code, _ cause: Message, _ hint: Message) -> PKIError {
            PKIError(
                code, operation: "issue a certificate from", subject: ca.subject, underlying: cause,
                hint: hint)
        }
        guard ca.isCA, ca.usages.contains(UsageNames.certSign) else {
            throw refusal(
                .notACA, "it is not a CA: it lacks CA:TRUE or the key usage cert sign",
                "check that the CA's file was not replaced by another certificate")
        }
        guard now >= ca.notBefore else {
            throw refusal(
                .notYetValid, "the CA is not valid before \(ca.notBefore), and it is \(now) now",
                "check this machine's clock")
        }
        guard now < ca.notAfter else {
            throw refusal(
                .expired, "the CA expired at \(ca.notAfter)",
                "run aggbootstrap rotate --ca, or check this machine's clock")
        }
    }

    /// - Throws: `.profile` for a validity that X.509 cannot hold.
    private static func requireX509(_ validity: CertificateValidity, _ subject: String) throws(PKIError) {
        guard validity.notBefore < validity.notAfter, validity.notAfter <= endOfTime else {
            throw PKIError(
                .profile, operation: "issue", subject: subject,
                underlying:
                    "a validity from \(validity.notBefore) ends after \(endOfTime), or before it starts")
        }
    }

    /// A version 3 certificate with key, serial number and validity; names, extensions and signature follow.
    static func draft(
        key: OpaquePointer, validity: CertificateValidity, serial: SerialNumber, _ subject: String
    ) throws(PKIError) -> X509Handle {
        let certificate = X509Handle(owning: try owned("issue", subject) { X509_new() })
        let pointer = certificate.pointer
        // Versions count from 0.
        try check("issue", subject) { X509_set_version(pointer, 2) }
        try check("issue", subject) { X509_set_pubkey(pointer, key) }
        let number = BigNumberHandle(
            owning: try owned("issue", subject) { BN_bin2bn(serial.bytes, Int32(serial.bytes.count), nil) })
        try check("issue", subject) {
            BN_to_ASN1_INTEGER(number.pointer, X509_get_serialNumber(pointer)) == nil ? 0 : 1
        }
        // Writes UTCTime up to 2049 and GeneralizedTime from 2050 on, as RFC 5280 demands.
        try check("issue", subject) {
            ASN1_TIME_set(X509_getm_notBefore(pointer), Int(validity.notBefore.seconds)) == nil ? 0 : 1
        }
        try check("issue", subject) {
            ASN1_TIME_set(X509_getm_notAfter(pointer), Int(validity.notAfter.seconds)) == nil ? 0 : 1
        }
        return certificate
    }
}

extension X509Handle {
    func name(
        subject: OpaquePointer?, issuer: OpaquePointer?, _ text: String
    ) throws(PKIError) {
        try check("issue", text) { X509_set_subject_name(self.pointer, subject) }
        try check("issue", text) { X509_set_issuer_name(self.pointer, issuer) }
    }

    func sign(with key: PrivateKey, _ subject: String) throws(PKIError) {
        let digest = key.signatureDigest
        let key = key.shared.pointer
        ErrorQueue.clear()
        // The result is the signature's size.
        guard X509_sign(pointer, key, digest) > 0 else { throw .openSSL("sign", subject) }
    }
}
