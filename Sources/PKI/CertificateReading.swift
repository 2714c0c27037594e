// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL
import Glibc
import Planning
import Spec
import Values

extension CertificateSummary {
    /// What `certificate`, whose bytes are `der`, says; throws `.malformed` where a field cannot be read.
    init(reading certificate: borrowing X509Handle, der: [UInt8], path: String) throws(PKIError) {
        let fields = CertificateFields(pointer: certificate.pointer, path: path)
        // This call also makes libcrypto parse the extensions that it knows.
        let flags = X509_get_extension_flags(certificate.pointer)
        guard flags & UInt32(EXFLAG_INVALID) == 0 else {
            throw fields.malformed("an extension in it cannot be read, or occurs twice")
        }
        let (subject, issuer) = (
            X509_get_subject_name(certificate.pointer), X509_get_issuer_name(certificate.pointer)
        )
        let key = X509_get0_pubkey(certificate.pointer)
        self.init(
            subject: try NameText.text(of: subject, path),
            issuer: try NameText.text(of: issuer, path),
            commonName: NameText.lastCommonName(of: subject),
            serial: try fields.serial(),
            notBefore: try fields.time(X509_get0_notBefore(certificate.pointer)),
            notAfter: try fields.time(X509_get0_notAfter(certificate.pointer)),
            key: key.flatMap { KeyHandle.algorithm(of: $0) },
            isCA: flags & UInt32(EXFLAG_BCONS) != 0 && flags & UInt32(EXFLAG_CA) != 0,
            hosts: try fields.hosts(),
            usages: try fields.usages(),
            subjectDER: try NameText.der(of: subject, path),
            issuerDER: try NameText.der(of: issuer, path),
            subjectKeyIdentifier: fields.hex(X509_get0_subject_key_id(certificate.pointer)),
            authorityKeyIdentifier: fields.hex(X509_get0_authority_key_id(certificate.pointer)),
            publicKeySHA256: try fields.publicKeySHA256(),
            fingerprintSHA256: try Digest.sha256Hex(der))
        weakDigest = fields.weakDigest()
        weakKey = key.flatMap(CertificateFields.weakness)
        // Reading asks for extensions and key types that need not be there.
        ErrorQueue.clear()
    }
}

/// Reads single fields of a certificate that the caller keeps alive.
private struct CertificateFields {
    let pointer: OpaquePointer
    let path: String

    func malformed(_ cause: Message) -> PKIError {
        PKIError(.malformed, operation: "read the certificate", subject: path, underlying: cause)
    }

    func hex(_ string: UnsafePointer<ASN1_OCTET_STRING>?) -> String? {
        string.map { Hex.text(Self.bytes($0)) }
    }

    /// The digest of the signature, where Go refuses such a one.
    func weakDigest() -> Message? {
        var digest: Int32 = 0
        guard X509_get_signature_info(pointer, &digest, nil, nil, nil) == 1,
            [NID_sha1, NID_md5, NID_md4, NID_md2, NID_md5_sha1].contains(digest)
        else { return nil }
        return OBJ_nid2sn(digest).map { Message(verbatim: String(cString: $0)) } ?? "a weak digest"
    }

    /// What a key is that is shorter than 112 bits of strength; nil for any other.
    static func weakness(of key: OpaquePointer) -> Message? {
        let bits = EVP_PKEY_get_bits(key)
        switch EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA, EVP_PKEY_RSA_PSS: return bits < 2048 ? "RSA-\(bits)" : nil
        case EVP_PKEY_EC: return bits < 256 ? "ECDSA with \(bits) bits" : nil
        default: return nil
        }
    }

    static func bytes(_ string: UnsafePointer<ASN1_STRING>) -> [UInt8] {
        Array(
            UnsafeBufferPointer(
                start: ASN1_STRING_get0_data(string), count: max(0, Int(ASN1_STRING_length(string)))))
    }

    /// Pairs of hex digits, with a minus sign before a negative number (which RFC 5280 forbids).
    func serial() throws(PKIError) -> String {
        guard let integer = X509_get0_serialNumber(pointer) else {
            throw malformed("it has no serial number")
        }
        let bytes = Self.bytes(integer)
        let sign = ASN1_STRING_type(integer) == V_ASN1_NEG_INTEGER ? "-" : ""
        return sign + Hex.text(bytes.isEmpty ? [0] : bytes)
    }

    func time(_ time: UnsafePointer<ASN1_TIME>?) throws(PKIError) -> UnixTime {
        var fields = tm()
        guard let time, ASN1_TIME_to_tm(time, &fields) == 1 else {
            throw malformed("its validity is not a time")
        }
        return UnixTime(
            year: Int64(fields.tm_year) + 1900, month: Int64(fields.tm_mon) + 1, day: Int64(fields.tm_mday),
            hour: Int64(fields.tm_hour), minute: Int64(fields.tm_min), second: Int64(fields.tm_sec))
    }

    func publicKeySHA256() throws(PKIError) -> String {
        let key = X509_get_X509_PUBKEY(pointer)
        return try Digest.sha256Hex(try encoded("read the public key of", path) { i2d_X509_PUBKEY(key, &$0) })
    }

    /// DNS names and IP addresses; mail addresses, URIs and others are left out.
    func hosts() throws(PKIError) -> [String] {
        guard let names = OpaquePointer(X509_get_ext_d2i(pointer, NID_subject_alt_name, nil, nil)) else {
            return []
        }
        defer { GENERAL_NAMES_free(names) }
        var hosts: [String] = []
        for index in 0..<max(0, OPENSSL_sk_num(names)) {
            guard let name = OPENSSL_sk_value(names, index) else { continue }
            var type: Int32 = 0
            let value = GENERAL_NAME_get0_value(name.assumingMemoryBound(to: GENERAL_NAME.self), &type)
            guard type == GEN_DNS || type == GEN_IPADD, let value else { continue }
            let bytes = Self.bytes(value.assumingMemoryBound(to: ASN1_STRING.self))
            hosts.append(type == GEN_DNS ? String(decoding: bytes, as: UTF8.self) : try address(bytes))
        }
        return hosts
    }

    private func address(_ bytes: [UInt8]) throws(PKIError) -> String {
        guard bytes.count == 4 || bytes.count == 16 else {
            throw malformed("an IP address in it has \(bytes.count) bytes")
        }
        return IPAddress(bytes: bytes).description
    }

    func usages() throws(PKIError) -> [String] {
        let bits = X509_get_key_usage(pointer)
        // All ones stands for "no such extension".
        var usages =
            bits == UInt32.max ? [] : UsageNames.keyUsages.filter { bits & $0.flag != 0 }.map(\.name)
        guard let list = OpaquePointer(X509_get_ext_d2i(pointer, NID_ext_key_usage, nil, nil)) else {
            return usages
        }
        defer { EXTENDED_KEY_USAGE_free(list) }
        for index in 0..<max(0, OPENSSL_sk_num(list)) {
            guard let object = OpaquePointer(OPENSSL_sk_value(list, index)) else { continue }
            usages.append(UsageNames.extendedName(of: object))
        }
        return usages
    }
}
