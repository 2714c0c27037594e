// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The types that handles hold.
package enum OpenSSLTypes {
    package enum Certificate: OpenSSLType {
        package static func free(_ pointer: OpaquePointer) { X509_free(pointer) }
    }
    package enum CertificateRequest: OpenSSLType {
        package static func free(_ pointer: OpaquePointer) { X509_REQ_free(pointer) }
    }
    package enum Key: OpenSSLType {
        package static func free(_ pointer: OpaquePointer) { EVP_PKEY_free(pointer) }
    }
    package enum PKCS8: OpenSSLType {
        package static func free(_ pointer: OpaquePointer) { PKCS8_PRIV_KEY_INFO_free(pointer) }
    }
    package enum EncryptedPKCS8: OpenSSLType {
        package static func free(_ pointer: OpaquePointer) { X509_SIG_free(pointer) }
    }
    package enum KeyContext: OpenSSLType {
        package static func free(_ pointer: OpaquePointer) { EVP_PKEY_CTX_free(pointer) }
    }
    package enum DigestContext: OpenSSLType {
        package static func free(_ pointer: OpaquePointer) { EVP_MD_CTX_free(pointer) }
    }
    package enum CipherContext: OpenSSLType {
        // It wipes the key that is in it.
        package static func free(_ pointer: OpaquePointer) { EVP_CIPHER_CTX_free(pointer) }
    }
    package enum Name: OpenSSLType {
        package static func free(_ pointer: OpaquePointer) { X509_NAME_free(pointer) }
    }
    package enum BigNumber: OpenSSLType {
        // Serial numbers are public, so there is nothing to wipe.
        package static func free(_ pointer: OpaquePointer) { BN_free(pointer) }
    }
    package enum Store: OpenSSLType {
        package static func free(_ pointer: OpaquePointer) { X509_STORE_free(pointer) }
    }
    package enum StoreContext: OpenSSLType {
        package static func free(_ pointer: OpaquePointer) { X509_STORE_CTX_free(pointer) }
    }
    package enum CertificateStack: OpenSSLType {
        package static func free(_ pointer: OpaquePointer) {
            for index in 0..<max(0, OPENSSL_sk_num(pointer)) {
                X509_free(OpaquePointer(OPENSSL_sk_value(pointer, index)))
            }
            OPENSSL_sk_free(pointer)
        }
    }
    package enum Buffer: OpenSSLType {
        package static func free(_ pointer: OpaquePointer) { BIO_free_all(pointer) }
    }
    package enum Session: OpenSSLType {
        package static func free(_ pointer: OpaquePointer) { SSL_free(pointer) }
    }
    package enum SessionContext: OpenSSLType {
        package static func free(_ pointer: OpaquePointer) { SSL_CTX_free(pointer) }
    }
}
