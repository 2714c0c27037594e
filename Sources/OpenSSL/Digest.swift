// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Secrets
import Values

/// Message digests, as lower-case hex.
package enum Digest {
    /// The SHA-256 of `bytes`: 64 digits.
    package static func sha256Hex(_ bytes: UnsafeRawBufferPointer) throws(PKIError) -> String {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var size: UInt32 = 0
        try check("compute", "a SHA-256 digest") {
            EVP_Digest(bytes.baseAddress, bytes.count, &digest, &size, EVP_sha256(), nil)
        }
        return Hex.text(digest.prefix(Int(size)))
    }

    /// The SHA-256 of `bytes`: 64 digits.
    package static func sha256Hex(_ bytes: [UInt8]) throws(PKIError) -> String {
        // `withUnsafeBytes` rethrows untyped, so the result carries the error out.
        try bytes.withUnsafeBytes { buffer in
            Result { () throws(PKIError) in try sha256Hex(buffer) }
        }.get()
    }

    /// The SHA-256 of a secret, which is itself no secret only where the secret cannot be guessed.
    package static func sha256Hex(_ bytes: SecretBytes) throws(PKIError) -> String {
        try bytes.withUnsafeBytes { buffer throws(PKIError) in try sha256Hex(buffer) }
    }
}
