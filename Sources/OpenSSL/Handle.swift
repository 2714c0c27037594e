// SPDX-License-Identifier: Apache-2.0

import COpenSSL

// Almost every libcrypto type imports as OpaquePointer, so the compiler cannot tell a certificate from a key.
// A handle's type says what it holds.

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

/// An X.509 certificate.
package typealias X509Handle = Handle<OpenSSLTypes.Certificate>

/// A PKCS#10 certificate request.
package typealias X509RequestHandle = Handle<OpenSSLTypes.CertificateRequest>

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

/// The context of an encryption.
package typealias CipherContextHandle = Handle<OpenSSLTypes.CipherContext>

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
