// SPDX-License-Identifier: Apache-2.0

/// A key's algorithm with its size in bits.
package enum KeyAlgorithm: Sendable, Hashable, CustomStringConvertible {
    /// 2048, 3072 or 4096 bits.
    case rsa(bits: Int)
    /// NIST curve P-256, P-384 or P-521.
    case ecdsa(bits: Int)
    case ed25519

    package var description: String {
        switch self {
        case .rsa(let bits): "RSA-\(bits)"
        case .ecdsa(let bits): "ECDSA P-\(bits)"
        case .ed25519: "Ed25519"
        }
    }
}
