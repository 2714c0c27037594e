// SPDX-License-Identifier: Apache-2.0

import COpenSSL

// Almost every libcrypto type imports as OpaquePointer, so the compiler cannot tell a certificate from a key.
// Each wrapper owns exactly one pointer of one type and frees it once; none of them is Sendable.

/// Calls libcrypto for a pointer that the caller then owns; throws the error queue of this thread on nil.
func owned<Pointer>(
    _ operation: String, _ subject: String, _ call: () -> Pointer?
) throws(PKIError) -> Pointer {
    ERR_clear_error()
    guard let pointer = call() else { throw .openSSL(operation, subject) }
    // Decoders leave the failed attempts in the queue even where a later one succeeds.
    ERR_clear_error()
    return pointer
}

/// Calls libcrypto for a status that is 1 on success; throws the error queue of this thread otherwise.
func check(_ operation: String, _ subject: String, _ call: () -> Int32) throws(PKIError) {
    ERR_clear_error()
    guard call() == 1 else { throw .openSSL(operation, subject) }
    ERR_clear_error()
}

/// An X.509 certificate.
struct X509Handle: ~Copyable {
    let pointer: OpaquePointer
    init(owning pointer: OpaquePointer) { self.pointer = pointer }
    deinit { X509_free(pointer) }

    /// Gives the pointer up; the caller frees it.
    consuming func released() -> OpaquePointer {
        let pointer = pointer
        discard self
        return pointer
    }
}

/// A certificate that several values share; freed with the last of them.
///
/// Only read after it was parsed, which libcrypto allows from several threads at once: it counts references and caches
/// extensions under locks of its own.
final class SharedX509: @unchecked Sendable {
    let pointer: OpaquePointer
    init(_ certificate: consuming X509Handle) { pointer = certificate.released() }
    deinit { X509_free(pointer) }
}

/// A key pair that several values share; wiped and freed with the last of them, and only read before.
final class SharedKey: @unchecked Sendable {
    let pointer: OpaquePointer
    init(_ key: consuming KeyHandle) { pointer = key.released() }
    deinit { EVP_PKEY_free(pointer) }
}

/// A public key or a key pair.
struct KeyHandle: ~Copyable {
    let pointer: OpaquePointer
    init(owning pointer: OpaquePointer) { self.pointer = pointer }
    deinit { EVP_PKEY_free(pointer) }

    /// Gives the pointer up; the caller frees it.
    consuming func released() -> OpaquePointer {
        let pointer = pointer
        discard self
        return pointer
    }
}

/// The unencrypted content of a PKCS#8 key (RFC 5958).
struct PKCS8Handle: ~Copyable {
    let pointer: OpaquePointer
    init(owning pointer: OpaquePointer) { self.pointer = pointer }
    deinit { PKCS8_PRIV_KEY_INFO_free(pointer) }
}

/// A PKCS#8 key under a passphrase: `EncryptedPrivateKeyInfo`, which libcrypto calls a signature for its shape.
struct EncryptedPKCS8Handle: ~Copyable {
    let pointer: OpaquePointer
    init(owning pointer: OpaquePointer) { self.pointer = pointer }
    deinit { X509_SIG_free(pointer) }
}

/// The context of a key operation.
struct KeyContextHandle: ~Copyable {
    let pointer: OpaquePointer
    init(owning pointer: OpaquePointer) { self.pointer = pointer }
    deinit { EVP_PKEY_CTX_free(pointer) }
}

/// The context of a signature.
struct DigestContextHandle: ~Copyable {
    let pointer: OpaquePointer
    init(owning pointer: OpaquePointer) { self.pointer = pointer }
    deinit { EVP_MD_CTX_free(pointer) }
}

/// A distinguished name.
struct NameHandle: ~Copyable {
    let pointer: OpaquePointer
    init(owning pointer: OpaquePointer) { self.pointer = pointer }
    deinit { X509_NAME_free(pointer) }
}

/// An integer of any size.
struct BigNumberHandle: ~Copyable {
    let pointer: OpaquePointer
    init(owning pointer: OpaquePointer) { self.pointer = pointer }
    // Serial numbers are public, so there is nothing to wipe.
    deinit { BN_free(pointer) }
}

/// The certificates that a verification trusts.
struct StoreHandle: ~Copyable {
    let pointer: OpaquePointer
    init(owning pointer: OpaquePointer) { self.pointer = pointer }
    deinit { X509_STORE_free(pointer) }
}

/// One verification.
struct StoreContextHandle: ~Copyable {
    let pointer: OpaquePointer
    init(owning pointer: OpaquePointer) { self.pointer = pointer }
    deinit { X509_STORE_CTX_free(pointer) }
}

/// A list of certificates, which it owns.
struct X509StackHandle: ~Copyable {
    let pointer: OpaquePointer
    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit {
        for index in 0..<max(0, OPENSSL_sk_num(pointer)) {
            X509_free(OpaquePointer(OPENSSL_sk_value(pointer, index)))
        }
        OPENSSL_sk_free(pointer)
    }

    /// Appends a reference of its own.
    func append(_ certificate: SharedX509) throws(PKIError) {
        let element = certificate.pointer
        try check("list", "certificates") { X509_up_ref(element) }
        guard OPENSSL_sk_push(pointer, UnsafeRawPointer(element)) > 0 else {
            X509_free(element)
            throw .openSSL("list", "certificates")
        }
    }
}

/// Memory that libcrypto reads from or writes to.
struct BIOHandle: ~Copyable {
    let pointer: OpaquePointer
    init(owning pointer: OpaquePointer) { self.pointer = pointer }
    deinit { BIO_free_all(pointer) }

    /// A growing buffer that is wiped when it grows and when it is freed: fit for private keys.
    static func wiping() throws(PKIError) -> BIOHandle {
        BIOHandle(owning: try owned("allocate", "a buffer") { BIO_new(BIO_s_secmem()) })
    }

    /// How many bytes wait to be read.
    var count: Int { BIO_ctrl_pending(pointer) }

    /// Moves what was written into `buffer` and returns how much it was.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        Int(BIO_read(pointer, buffer.baseAddress, Int32(clamping: buffer.count)))
    }

    /// Everything that was written; not for secrets.
    func contents() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            written = max(0, read(into: UnsafeMutableRawBufferPointer(buffer)))
        }
    }
}
