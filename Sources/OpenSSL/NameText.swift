// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Values

/// How X.509's distinguished names become text: the only place, so that every name is escaped.
package enum NameText {
    /// RFC 2253 text. Characters beyond ASCII are shown as they are, unless one of them could disturb a
    /// terminal (C1 controls, direction marks): then all of them are escaped.
    package static func text(of name: OpaquePointer?, _ path: String) throws(PKIError) -> String {
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
        ErrorQueue.clear()
        guard X509_NAME_print_ex(buffer.pointer, name, 0, flags) >= 0 else {
            throw .openSSL("read a name in", path, code: .malformed)
        }
        return String(decoding: buffer.contents(), as: UTF8.self)
    }

    /// The common name that Go takes where there are several; nil where there is none.
    package static func lastCommonName(of name: OpaquePointer?) -> String? {
        values(NID_commonName, of: name).last
    }

    /// The organizations (O) of a name, in its order: a user's groups in Kubernetes.
    package static func organizations(of name: OpaquePointer?) -> [String] {
        values(NID_organizationName, of: name)
    }

    /// The attributes of a name in its order, each under libcrypto's short name, such as `O` or `emailAddress`.
    package static func attributes(of name: OpaquePointer?) -> [(name: String, value: String)] {
        (0..<max(0, X509_NAME_entry_count(name))).compactMap { index in
            let entry = X509_NAME_get_entry(name, index)
            let nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry))
            guard let value = text(of: entry) else { return nil }
            return (OBJ_nid2sn(nid).map { String(cString: $0) } ?? "an unknown attribute", value)
        }
    }

    private static func values(_ attribute: Int32, of name: OpaquePointer?) -> [String] {
        var values: [String] = []
        var last: Int32 = -1
        while case let index = X509_NAME_get_index_by_NID(name, attribute, last), index >= 0 {
            last = index
            if let value = text(of: X509_NAME_get_entry(name, index)) { values.append(value) }
        }
        return values
    }

    /// - Returns: nil for a value that is no text.
    private static func text(of entry: OpaquePointer?) -> String? {
        var text: UnsafeMutablePointer<UInt8>?
        let count = Int(ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry)))
        guard count >= 0, let text else { return nil }
        defer { CRYPTO_free(text, nil, 0) }
        return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
    }

    /// The name's DER, byte for byte as the certificate has it.
    package static func der(of name: OpaquePointer?, _ path: String) throws(PKIError) -> [UInt8] {
        try encoded("read a name in", path) { i2d_X509_NAME(name, &$0) }
    }
}
