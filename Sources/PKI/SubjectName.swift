// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL
import Planning
import Spec
import Values

/// How a profile's names become a subject of X.509.
enum SubjectName {
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
        let cause: Message? =
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
