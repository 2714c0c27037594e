// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL
import Planning
import Spec
import Values

/// A PKCS#10 request (RFC 2986) for a CA whose key is elsewhere.
package struct CertificateRequest: Sendable, Equatable {
    /// One `CERTIFICATE REQUEST` block.
    package let pem: [UInt8]

    /// Asks for a certificate of `profile` for `key`: its subject, and as extensionRequest (RFC 2985, 5.4.2) its key
    /// usages, extended key usages and subject alternative names. How long it is valid no request can say.
    ///
    /// - Throws: `.profile` for a name that X.509 cannot hold.
    package init(_ profile: CertificateProfile, key: PrivateKey) throws(PKIError) {
        let (operation, subject): (Message, String) = ("request", "CN=\(profile.commonName)")
        let request = X509RequestHandle(owning: try owned(operation, subject) { X509_REQ_new() })
        let pointer = request.pointer
        // Versions count from 0.
        try check(operation, subject) { X509_REQ_set_version(pointer, 0) }
        let name = try SubjectName.make(profile.names, commonName: profile.commonName)
        try check(operation, subject) { X509_REQ_set_subject_name(pointer, name.pointer) }
        try check(operation, subject) { X509_REQ_set_pubkey(pointer, key.shared.pointer) }
        let extensions = try Self.extensions(of: profile, subject)
        if let list = X509_get0_extensions(extensions.pointer) {
            try check(operation, subject) { X509_REQ_add_extensions(pointer, list) }
        }
        ErrorQueue.clear()
        // The result is the signature's size.
        guard X509_REQ_sign(pointer, key.shared.pointer, key.signatureDigest) > 0 else {
            throw .openSSL("sign the request for", subject)
        }
        let buffer = try BIOHandle.growing()
        try check("write", subject) { PEM_write_bio_X509_REQ(buffer.pointer, pointer) }
        pem = buffer.contents()
    }

    /// A certificate that is never signed: what has the extensions.
    private static func extensions(
        of profile: CertificateProfile, _ subject: String
    ) throws(PKIError) -> X509Handle {
        let carrier = X509Handle(owning: try owned("request", subject) { X509_new() })
        try carrier.addKeyUsage(bits: UsageNames.keyUsageBits(of: profile.usages))
        try carrier.addExtendedKeyUsage(nids: UsageNames.extendedKeyUsages(of: profile.usages))
        try carrier.addSubjectAlternativeNames(profile.hosts)
        return carrier
    }
}
