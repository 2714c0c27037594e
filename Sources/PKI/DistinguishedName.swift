// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Planning
import Spec
import Values

/// Distinguished names: how a profile's names become X.509, and how X.509's become text.
enum DistinguishedName {
    /// An attribute with the upper bound of RFC 5280, appendix A.
    private struct Attribute {
        let name: String
        let nid: Int32
        let value: String
        let limit: Int
    }

    /// C, ST, L, O, OU and CN in this order, each in an RDN of its own; nil and empty ones are left out.
    ///
    /// Throws `.profile` for a value that is too long or has control characters.
    static func make(_ names: SubjectNames, commonName: String) throws(PKIError) -> NameHandle {
        let attributes = [
            Attribute(name: "C", nid: NID_countryName, value: names.country ?? "", limit: 2),
            Attribute(name: "ST", nid: NID_stateOrProvinceName, value: names.state ?? "", limit: 128),
            Attribute(name: "L", nid: NID_localityName, value: names.locality ?? "", limit: 128),
            Attribute(name: "O", nid: NID_organizationName, value: names.organization ?? "", limit: 64),
            Attribute(
                name: "OU", nid: NID_organizationalUnitName, value: names.organizationalUnit ?? "",
                limit: 64),
            Attribute(name: "CN", nid: NID_commonName, value: commonName, limit: 64),
        ]
        let name = NameHandle(owning: try owned("make", "a subject") { X509_NAME_new() })
        for attribute in attributes where !attribute.value.isEmpty {
            try validate(attribute)
            let bytes = Array(attribute.value.utf8)
            let type = isPrintable(bytes) ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING
            try check("make", "the subject \(attribute.name)=\(attribute.value)") {
                X509_NAME_add_entry_by_NID(
                    name.pointer, attribute.nid, type, bytes, Int32(bytes.count), -1, 0)
            }
        }
        return name
    }

    private static func validate(_ attribute: Attribute) throws(PKIError) {
        let scalars = attribute.value.unicodeScalars
        let cause: String? =
            if scalars.contains(where: { $0.properties.generalCategory == .control }) {
                "it has control characters"
            } else if scalars.count > attribute.limit {
                "it has \(scalars.count) characters, at most \(attribute.limit) are allowed"
            } else if attribute.nid == NID_countryName, scalars.count != 2 || !scalars.allSatisfy(isLetter) {
                "a country is two letters"
            } else {
                nil
            }
        if let cause {
            throw PKIError(
                .profile, operation: "make", subject: "a subject's \(attribute.name)", underlying: cause)
        }
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        (0x41...0x5a).contains(scalar.value) || (0x61...0x7a).contains(scalar.value)
    }

    /// Whether all characters are PrintableString's (X.680, 41.4).
    private static func isPrintable(_ bytes: [UInt8]) -> Bool {
        bytes.allSatisfy { byte in
            (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte)
                || " '()+,-./:=?".utf8.contains(byte)
        }
    }
}

// Reading.
extension DistinguishedName {
    /// RFC 2253 text. Characters beyond ASCII are shown as they are, unless one of them could disturb a
    /// terminal (C1 controls, direction marks): then all of them are escaped.
    static func text(of name: OpaquePointer?, _ path: String) throws(PKIError) -> String {
        let readable = try text(of: name, flags: aggbootstrap_name_flags_readable(), path)
        let isHarmless = readable.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
                false
            default: true
            }
        }
        return isHarmless ? readable : try text(of: name, flags: aggbootstrap_name_flags_rfc2253(), path)
    }

    private static func text(
        of name: OpaquePointer?, flags: UInt, _ path: String
    ) throws(PKIError) -> String {
        let buffer = BIOHandle(owning: try owned("read", path) { BIO_new(BIO_s_mem()) })
        ERR_clear_error()
        guard X509_NAME_print_ex(buffer.pointer, name, 0, flags) >= 0 else {
            throw .openSSL("read a name in", path, code: .malformed)
        }
        return String(decoding: buffer.contents(), as: UTF8.self)
    }

    /// The common name that Go takes where there are several; nil where there is none.
    static func lastCommonName(of name: OpaquePointer?) -> String? {
        var last: Int32 = -1
        while case let index = X509_NAME_get_index_by_NID(name, NID_commonName, last), index >= 0 {
            last = index
        }
        guard last >= 0 else { return nil }
        var text: UnsafeMutablePointer<UInt8>?
        let count = Int(ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last))))
        guard count >= 0, let text else { return nil }
        defer { CRYPTO_free(text, nil, 0) }
        return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
    }

    /// The name's DER, byte for byte as the certificate has it.
    static func der(of name: OpaquePointer?, _ path: String) throws(PKIError) -> [UInt8] {
        try encoded("read a name in", path) { i2d_X509_NAME(name, &$0) }
    }
}
