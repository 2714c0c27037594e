// SPDX-License-Identifier: Apache-2.0

import Values

/// What can be wrong with a key or certificate.
package enum PKIErrorCode: String, ErrorCode {
    /// libcrypto failed; `underlying` is its error queue.
    case openSSL = "pki/openssl"
    /// Not PEM, not DER, the wrong kind of block, or more than there may be.
    case malformed = "pki/malformed"
    case encryptedKey = "pki/encrypted-key"
    /// The passphrase does not open the key.
    case wrongPassphrase = "pki/wrong-passphrase"
    case keyInBundle = "pki/key-in-bundle"
    case keyMismatch = "pki/key-mismatch"
    /// The profile asks for something that a certificate cannot say.
    case profile = "pki/profile"
    case notACA = "pki/not-a-ca"
    /// The CA's path length leaves no room for the CA that must be below it.
    case pathLength = "pki/path-length"
    case expired = "pki/expired"
    case notYetValid = "pki/not-yet-valid"
    /// No certificate of the bundle issued it.
    case untrusted = "pki/untrusted"
    case selfSigned = "pki/self-signed"
    case badSignature = "pki/bad-signature"
    /// CA and leaf share one subject, and the leaf does not say which key signed it.
    case sameSubjectNoAKI = "pki/same-subject-no-aki"
    /// Extended key usages that leave no room for a TLS client.
    case usage = "pki/usage"
    case weakSignature = "pki/weak-signature"
    /// Refused by Go's parser although OpenSSL reads it (a negative serial, differently encoded names).
    case refusedByGo = "pki/refused-by-go"
    case chain = "pki/chain"
    /// A system call failed; `underlying` is its errno in words.
    case system = "pki/system"
}

/// Why a key or certificate could not be made, read or trusted.
package typealias PKIError = CodedError<PKIErrorCode>

extension PKIError {
    /// The error of a libcrypto call that has just failed on this thread; empties the thread's error queue.
    package static func openSSL(
        _ operation: Message, _ subject: String, code: Code = .openSSL, hint: Message? = nil
    ) -> PKIError {
        PKIError(
            code, operation: operation, subject: subject,
            underlying: ErrorQueue.drained() ?? "libcrypto gave no reason", hint: hint)
    }
}
