// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL
import Spec
import Values

// Extensions are built from values and never from libcrypto's configuration text, so that no name can be read
// as another directive.
extension X509Handle {
    private func add(
        _ nid: Int32, _ value: UnsafeMutableRawPointer?, critical: Int32
    ) throws(PKIError) {
        try check("write", "the extension \(String(cString: OBJ_nid2sn(nid)))") {
            X509_add1_ext_i2d(self.pointer, nid, value, critical, UInt(X509V3_ADD_DEFAULT))
        }
    }

    /// KeyUsage, critical; nothing where `bits` is empty.
    func addKeyUsage(bits: [Int32]) throws(PKIError) {
        if bits.isEmpty { return }
        let string = try owned("write", "key usages") { ASN1_BIT_STRING_new() }
        defer { ASN1_BIT_STRING_free(string) }
        for bit in bits {
            try check("write", "key usages") { ASN1_BIT_STRING_set_bit(string, bit, 1) }
        }
        try add(NID_key_usage, string, critical: 1)
    }

    /// ExtendedKeyUsage, not critical; nothing where `nids` is empty.
    func addExtendedKeyUsage(nids: [Int32]) throws(PKIError) {
        if nids.isEmpty { return }
        let list = try owned("write", "extended key usages") { OPENSSL_sk_new_null() }
        // The objects are libcrypto's own constants: only the list is freed.
        defer { OPENSSL_sk_free(list) }
        for nid in nids {
            let object = try owned("write", "extended key usages") { OBJ_nid2obj(nid) }
            guard OPENSSL_sk_push(list, UnsafeRawPointer(object)) > 0 else {
                throw .openSSL("write", "extended key usages")
            }
        }
        try add(NID_ext_key_usage, UnsafeMutableRawPointer(list), critical: 0)
    }

    enum Constraint {
        /// A CA; at most so many others may follow it towards a leaf.
        case authority(pathLength: Int)
        case endEntity
    }

    /// BasicConstraints, critical.
    func addBasicConstraints(_ constraint: Constraint) throws(PKIError) {
        let constraints = try owned("write", "basic constraints") { BASIC_CONSTRAINTS_new() }
        defer { BASIC_CONSTRAINTS_free(constraints) }
        if case .authority(let length) = constraint {
            // The value is written as it is, and DER knows only 0xff as true.
            constraints.pointee.ca = 0xff
            constraints.pointee.pathlen = try owned("write", "basic constraints") { ASN1_INTEGER_new() }
            try check("write", "basic constraints") { ASN1_INTEGER_set(constraints.pointee.pathlen, length) }
        }
        try add(NID_basic_constraints, constraints, critical: 1)
    }

    /// SubjectKeyIdentifier, not critical.
    func addSubjectKeyIdentifier(_ identifier: [UInt8]) throws(PKIError) {
        let string = try Self.octets(identifier)
        defer { ASN1_OCTET_STRING_free(string) }
        try add(NID_subject_key_identifier, string, critical: 0)
    }

    /// AuthorityKeyIdentifier with the key identifier alone, not critical.
    func addAuthorityKeyIdentifier(_ identifier: [UInt8]) throws(PKIError) {
        let value = try owned("write", "an authority key identifier") { AUTHORITY_KEYID_new() }
        defer { AUTHORITY_KEYID_free(value) }
        value.pointee.keyid = try Self.octets(identifier)
        try add(NID_authority_key_identifier, value, critical: 0)
    }

    /// SubjectAltName, not critical, DNS names before addresses; nothing where `hosts` is empty.
    func addSubjectAlternativeNames(_ hosts: [SubjectAlternativeName]) throws(PKIError) {
        if hosts.isEmpty { return }
        let names = try owned("write", "subject alternative names") { GENERAL_NAMES_new() }
        defer { GENERAL_NAMES_free(names) }
        for case .dns(let name) in hosts {
            try Self.append(GEN_DNS, V_ASN1_IA5STRING, Array(name.description.utf8), to: names)
        }
        for case .ip(let address) in hosts {
            try Self.append(GEN_IPADD, V_ASN1_OCTET_STRING, address.bytes, to: names)
        }
        try add(NID_subject_alt_name, UnsafeMutableRawPointer(names), critical: 0)
    }

    private static func append(
        _ kind: Int32, _ type: Int32, _ bytes: [UInt8], to names: OpaquePointer
    ) throws(PKIError) {
        let subject = "subject alternative names"
        let value = try owned("write", subject) { ASN1_STRING_type_new(type) }
        guard ASN1_STRING_set(value, bytes, Int32(bytes.count)) == 1 else {
            ASN1_STRING_free(value)
            throw .openSSL("write", subject)
        }
        guard let name = GENERAL_NAME_new() else {
            ASN1_STRING_free(value)
            throw .openSSL("write", subject)
        }
        GENERAL_NAME_set0_value(name, kind, value)
        guard OPENSSL_sk_push(names, name) > 0 else {
            GENERAL_NAME_free(name)
            throw .openSSL("write", subject)
        }
    }

    private static func octets(_ bytes: [UInt8]) throws(PKIError) -> UnsafeMutablePointer<ASN1_OCTET_STRING> {
        let string = try owned("write", "a key identifier") { ASN1_OCTET_STRING_new() }
        guard ASN1_OCTET_STRING_set(string, bytes, Int32(bytes.count)) == 1 else {
            ASN1_OCTET_STRING_free(string)
            throw .openSSL("write", "a key identifier")
        }
        return string
    }
}
