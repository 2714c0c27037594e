// SPDX-License-Identifier: Apache-2.0

/// A key usage or extended key usage under the name that cfssl gives it.
package enum CertificateUsage: String, Sendable, CaseIterable {
    case signing
    case digitalSignature = "digital signature"
    case contentCommitment = "content commitment"
    case keyEncipherment = "key encipherment"
    case keyAgreement = "key agreement"
    case dataEncipherment = "data encipherment"
    case serverAuth = "server auth"
    case clientAuth = "client auth"
}
