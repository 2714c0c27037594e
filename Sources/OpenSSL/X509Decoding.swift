// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Values

extension X509Handle {
    /// What is said to fail where a certificate cannot be read.
    package static var reading: Message { "read the certificate" }

    /// Decodes one certificate that fills `der` and is encoded exactly as libcrypto would encode it again.
    package static func parse(_ der: [UInt8], path: String) throws(PKIError) -> X509Handle {
        ErrorQueue.clear()
        let (pointer, count) = der.withUnsafeBufferPointer { buffer in
            var next = buffer.baseAddress
            let pointer = d2i_X509(nil, &next, buffer.count)
            return (pointer, buffer.baseAddress.flatMap { start in next.map { $0 - start } } ?? 0)
        }
        guard let pointer else { throw .openSSL(reading, path, code: .malformed) }
        let certificate = X509Handle(owning: pointer)
        guard count == der.count else {
            throw PKIError(
                .malformed, operation: reading, subject: path, underlying: "bytes follow the certificate")
        }
        guard try certificate.der() == der else {
            throw PKIError(
                .malformed, operation: reading, subject: path, underlying: "its encoding is not DER")
        }
        return certificate
    }

    /// The certificate's DER.
    package func der() throws(PKIError) -> [UInt8] { try Self.der(of: pointer) }

    /// DER of a certificate that somebody else owns.
    package static func der(of certificate: OpaquePointer?) throws(PKIError) -> [UInt8] {
        try encoded("encode", "a certificate") { i2d_X509(certificate, &$0) }
    }
}

extension X509StackHandle {
    /// Appends a reference of its own.
    package func append(_ certificate: SharedX509) throws(PKIError) {
        let element = certificate.pointer
        try check("list", "certificates") { X509_up_ref(element) }
        guard OPENSSL_sk_push(pointer, UnsafeRawPointer(element)) > 0 else {
            X509_free(element)
            throw .openSSL("list", "certificates")
        }
    }
}
