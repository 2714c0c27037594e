// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Spec

/// Key usages and extended key usages under the names that cfssl gives them.
enum UsageNames {
    /// In the order of the bits (RFC 5280, 4.2.1.3); `flag` is libcrypto's, `bit` counts in the BIT STRING.
    static let keyUsages: [(name: String, flag: UInt32, bit: Int32)] = [
        (CertificateUsage.digitalSignature.rawValue, UInt32(KU_DIGITAL_SIGNATURE), 0),
        (CertificateUsage.contentCommitment.rawValue, UInt32(KU_NON_REPUDIATION), 1),
        (CertificateUsage.keyEncipherment.rawValue, UInt32(KU_KEY_ENCIPHERMENT), 2),
        (CertificateUsage.dataEncipherment.rawValue, UInt32(KU_DATA_ENCIPHERMENT), 3),
        (CertificateUsage.keyAgreement.rawValue, UInt32(KU_KEY_AGREEMENT), 4),
        (certSign, UInt32(KU_KEY_CERT_SIGN), 5),
        (crlSign, UInt32(KU_CRL_SIGN), 6),
        ("encipher only", UInt32(KU_ENCIPHER_ONLY), 7),
        ("decipher only", UInt32(KU_DECIPHER_ONLY), 8),
    ]

    static let certSign = "cert sign"
    static let crlSign = "crl sign"
    /// The extended key usage that allows every use.
    static let any = "any"

    private static let extended: [(name: String, nid: Int32)] = [
        (any, NID_anyExtendedKeyUsage),
        (CertificateUsage.serverAuth.rawValue, NID_server_auth),
        (CertificateUsage.clientAuth.rawValue, NID_client_auth),
        ("code signing", NID_code_sign),
        ("email protection", NID_email_protect),
        ("ipsec end system", NID_ipsecEndSystem),
        ("ipsec tunnel", NID_ipsecTunnel),
        ("ipsec user", NID_ipsecUser),
        ("timestamping", NID_time_stamp),
        ("ocsp signing", NID_OCSP_sign),
        ("microsoft sgc", NID_ms_sgc),
        ("netscape sgc", NID_ns_sgc),
    ]

    /// cfssl's name of an extended key usage, or its dotted number where cfssl has none.
    static func extendedName(of object: OpaquePointer) -> String {
        let nid = OBJ_obj2nid(object)
        if let known = extended.first(where: { $0.nid == nid }) { return known.name }
        var text = [CChar](repeating: 0, count: 256)
        _ = OBJ_obj2txt(&text, Int32(text.count), object, 1)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Bit numbers of the key usages in `usages`, each once; cfssl's `signing` is `digital signature`.
    static func keyUsageBits(of usages: [CertificateUsage]) -> [Int32] {
        bits(of: usages.map { ($0 == .signing ? .digitalSignature : $0).rawValue })
    }

    /// Bit numbers of the key usages with these names; other names are ignored.
    static func bits(of names: [String]) -> [Int32] {
        keyUsages.filter { names.contains($0.name) }.map(\.bit)
    }

    /// libcrypto's numbers of the extended key usages in `usages`, each once.
    static func extendedKeyUsages(of usages: [CertificateUsage]) -> [Int32] {
        extended.filter { entry in usages.contains { $0.rawValue == entry.name } }.map(\.nid)
    }
}
