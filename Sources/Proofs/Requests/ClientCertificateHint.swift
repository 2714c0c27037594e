// SPDX-License-Identifier: Apache-2.0

import OpenSSL
import PKI
import Values

/// What to do with a file that is not the client's certificate that it should be, by what it is instead.
enum ClientCertificateHint {
    static func text(_ bytes: [UInt8], _ path: String) -> Message {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return "save it as UTF-8 without a byte order mark" }
        if let text = labels(bytes, path).lazy.compactMap({ ofBlock($0, path) }).first { return text }
        if (try? Certificate(der: bytes, path: path)) != nil {
            return "it is DER; write it as PEM: openssl x509 -inform DER -in \(path) -out client.pem"
        }
        // The sequence that every DER file begins with, PKCS#12 too.
        if bytes.first == 0x30 {
            return
                "if it is PKCS#12, write its certificate as PEM: openssl pkcs12 -in \(path) -clcerts -nokeys -out client.pem"
        }
        if bytes.contains(Array("client-certificate".utf8)) {
            return
                "it is a kubeconfig; give the file that its client-certificate names, or decode client-certificate-data with base64 -d"
        }
        return "give the client's certificate as a PEM file, which begins with -----BEGIN CERTIFICATE-----"
    }

    private static func labels(_ bytes: [UInt8], _ path: String) -> [String] {
        bytes.withUnsafeBytes { text in
            (try? PEMBlocks(in: text, operation: "read", subject: path))?.blocks.map(\.label) ?? []
        }
    }

    private static func ofBlock(_ label: String, _ path: String) -> Message? {
        switch label {
        case "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST":
            "it is a request; give the certificate that was issued for it"
        case "PKCS7": "write its certificates as PEM: openssl pkcs7 -print_certs -in \(path) -out client.pem"
        case "TRUSTED CERTIFICATE": "write it as PEM: openssl x509 -in \(path) -out client.pem"
        case _ where label.hasSuffix("PRIVATE KEY"):
            "it is a private key; give the certificate that belongs to it"
        default: nil
        }
    }
}
