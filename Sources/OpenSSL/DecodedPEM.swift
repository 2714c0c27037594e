// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Values

/// The bytes of one PEM block, decoded by libcrypto and wiped with the value.
package struct DecodedPEM: ~Copyable {
    package let bytes: UnsafeBufferPointer<UInt8>
    package let headers: Headers

    /// Lines before the base64 text (RFC 1421).
    package enum Headers {
        case none
        /// `Proc-Type: 4,ENCRYPTED`: the bytes are ciphertext.
        case encrypted
        /// Anything else, a stray blank line within the base64 text included.
        case other
    }

    /// Decodes one whole block.
    package init(_ block: UnsafeRawBufferPointer, operation: Message, subject: String) throws(PKIError) {
        guard let count = Int32(exactly: block.count) else {
            throw PKIError(
                .malformed, operation: operation, subject: subject, underlying: "it is larger than 2 GiB")
        }
        let source = BIOHandle(
            owning: try owned(operation, subject) { BIO_new_mem_buf(block.baseAddress, count) })
        var (name, header): (UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<CChar>?)
        var data: UnsafeMutablePointer<UInt8>?
        var size = 0
        // With the secure flag libcrypto also wipes its line and base64 buffers.
        let flags = UInt32(PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE)
        ErrorQueue.clear()
        guard PEM_read_bio_ex(source.pointer, &name, &header, &data, &size, flags) == 1, let data else {
            throw .openSSL(operation, subject, code: .malformed)
        }
        let text = header.map { String(cString: $0) } ?? ""
        headers = text.isEmpty ? .none : text.hasPrefix("Proc-Type: 4,ENCRYPTED") ? .encrypted : .other
        bytes = UnsafeBufferPointer(start: data, count: size)
        CRYPTO_secure_free(name, nil, 0)
        CRYPTO_secure_free(header, nil, 0)
    }

    deinit {
        CRYPTO_secure_clear_free(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, nil, 0)
    }
}
