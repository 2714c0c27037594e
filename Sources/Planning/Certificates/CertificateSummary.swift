// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// What a certificate says, as far as a plan needs it; the values of one parsed X.509 certificate (RFC 5280).
package struct CertificateSummary: Sendable, Equatable {
    /// RFC 2253 text, for example `CN=aggregator,OU=System,O=k8s`.
    package var subject: String
    package var issuer: String
    /// The last common name of the subject; nil where it has none.
    package var commonName: String?
    /// Lower-case hex, no leading zeros dropped by pairs.
    package var serial: String
    package var notBefore: UnixTime
    package var notAfter: UnixTime
    /// nil for a key type or size that `KeyAlgorithm` does not name (RSA-1024, P-224, ...).
    package var key: KeyAlgorithm?
    package var isCA: Bool
    /// DNS names and IP addresses in canonical text, in the certificate's order.
    package var hosts: [String]
    /// cfssl names of the key usages and extended key usages, key usages first; `cert sign`, `crl sign` of a CA too.
    package var usages: [String]
    /// DER of the subject and issuer names: what TLS's certificate_authorities list is compared with.
    package var subjectDER: [UInt8]
    package var issuerDER: [UInt8]
    /// Lower-case hex; nil where the extension is absent.
    package var subjectKeyIdentifier: String?
    package var authorityKeyIdentifier: String?
    /// Lower-case hex SHA-256 of the SubjectPublicKeyInfo's DER.
    package var publicKeySHA256: String
    /// Lower-case hex SHA-256 of the certificate's DER.
    package var fingerprintSHA256: String
    /// The digest of its signature where Go refuses it, such as `SHA1`; nil for any other.
    package var weakDigest: Message?
    /// Its key where it is shorter than what is safe today, such as `RSA-1024`; nil for any other.
    package var weakKey: Message?

    package init(
        subject: String, issuer: String, commonName: String?, serial: String, notBefore: UnixTime,
        notAfter: UnixTime, key: KeyAlgorithm?, isCA: Bool, hosts: [String], usages: [String],
        subjectDER: [UInt8], issuerDER: [UInt8], subjectKeyIdentifier: String?,
        authorityKeyIdentifier: String?, publicKeySHA256: String, fingerprintSHA256: String
    ) {
        self.subject = subject
        self.issuer = issuer
        self.commonName = commonName
        self.serial = serial
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.key = key
        self.isCA = isCA
        self.hosts = hosts
        self.usages = usages
        self.subjectDER = subjectDER
        self.issuerDER = issuerDER
        self.subjectKeyIdentifier = subjectKeyIdentifier
        self.authorityKeyIdentifier = authorityKeyIdentifier
        self.publicKeySHA256 = publicKeySHA256
        self.fingerprintSHA256 = fingerprintSHA256
    }
}
