// SPDX-License-Identifier: Apache-2.0

import COpenSSL

// Almost every libcrypto type imports as OpaquePointer, so the compiler cannot tell a certificate from a key.
// A handle's type says what it holds.

/// A type of libcrypto's or libssl's, and how it is freed.
package protocol OpenSSLType {
    static func free(_ pointer: OpaquePointer)
}

/// Owns exactly one pointer of one type and frees it once; not Sendable.
package struct Handle<Kind: OpenSSLType>: ~Copyable {
    package let pointer: OpaquePointer

    package init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { Kind.free(pointer) }

    /// Gives the pointer up; the caller frees it.
    package consuming func released() -> OpaquePointer {
        let pointer = pointer
        discard self
        return pointer
    }
}

/// What several values share; freed with the last of them.
///
/// Only read after it was made, which libcrypto allows from several threads at once: it counts references and caches
/// extensions under locks of its own.
package final class SharedHandle<Kind: OpenSSLType>: @unchecked Sendable {
    package let pointer: OpaquePointer

    package init(_ handle: consuming Handle<Kind>) { pointer = handle.released() }

    deinit { Kind.free(pointer) }
}

/// The types that handles hold.
package enum OpenSSLTypes {
    package enum Certificate: OpenSSLType {
        package static func free(_ pointer: OpaquePointer) { X509_free(pointer) }
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

/// An X.509 certificate.
package typealias X509Handle = Handle<OpenSSLTypes.Certificate>
/// A public key or a key pair.
package typealias KeyHandle = Handle<OpenSSLTypes.Key>
/// The unencrypted content of a PKCS#8 key (RFC 5958).
package typealias PKCS8Handle = Handle<OpenSSLTypes.PKCS8>
/// A PKCS#8 key under a passphrase: `EncryptedPrivateKeyInfo`, which libcrypto calls a signature for its shape.
package typealias EncryptedPKCS8Handle = Handle<OpenSSLTypes.EncryptedPKCS8>
/// The context of a key operation.
package typealias KeyContextHandle = Handle<OpenSSLTypes.KeyContext>
/// The context of a signature.
package typealias DigestContextHandle = Handle<OpenSSLTypes.DigestContext>
/// A distinguished name.
package typealias NameHandle = Handle<OpenSSLTypes.Name>
/// An integer of any size.
package typealias BigNumberHandle = Handle<OpenSSLTypes.BigNumber>
/// The certificates that a verification trusts.
package typealias StoreHandle = Handle<OpenSSLTypes.Store>
/// One verification.
package typealias StoreContextHandle = Handle<OpenSSLTypes.StoreContext>
/// A list of certificates, which it owns.
package typealias X509StackHandle = Handle<OpenSSLTypes.CertificateStack>
/// Memory that libcrypto reads from or writes to.
package typealias BIOHandle = Handle<OpenSSLTypes.Buffer>
/// One TLS session.
package typealias SSLHandle = Handle<OpenSSLTypes.Session>
/// The settings of TLS sessions.
package typealias SSLContextHandle = Handle<OpenSSLTypes.SessionContext>

/// A certificate that several values share.
package typealias SharedX509 = SharedHandle<OpenSSLTypes.Certificate>
/// A key pair that several values share.
package typealias SharedKey = SharedHandle<OpenSSLTypes.Key>
