// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// What the state directory holds, without any private key.
package struct StateInventory: Sendable, Equatable {
    /// CA generations, oldest first.
    package var generations: [CAGeneration]
    /// The newest leaf of each owner (a node's name, or `LeafOwner.shared`).
    package var leaves: [String: IssuedLeaf]
    /// Of each other CA generation that has signed for an owner, its newest leaf, oldest first.
    package var earlierLeaves: [String: [IssuedLeaf]]
    /// Private key files that are not encrypted, relative to the state directory.
    package var plainKeys: [String]
    /// Private key files under a passphrase, relative to the state directory.
    package var encryptedKeys: [String]
    /// Those of them that others than their owner may read.
    package var exposedKeys: [String] = []
    /// CAs that were dropped because somebody else may have their key: they never come back.
    package var compromised: [CompromisedCA] = []

    package init(
        generations: [CAGeneration] = [], leaves: [String: IssuedLeaf] = [:],
        earlierLeaves: [String: [IssuedLeaf]] = [:], plainKeys: [String] = [], encryptedKeys: [String] = []
    ) {
        self.generations = generations
        self.leaves = leaves
        self.earlierLeaves = earlierLeaves
        self.plainKeys = plainKeys
        self.encryptedKeys = encryptedKeys
    }

    /// The generation that signs; nil before the first.
    package var current: CAGeneration? { generations.last { $0.standing == .issued } }

    /// Whether a rotation has taken this CA out of use.
    package func isDropped(_ certificate: CertificateSummary) -> Bool {
        generations.contains {
            $0.standing == .dropped && $0.certificate.fingerprintSHA256 == certificate.fingerprintSHA256
        }
    }

    package func generation(_ id: String) -> CAGeneration? { generations.first { $0.id == id } }

    /// The newest leaf of `owner` that `generation` signed.
    package func leaf(of owner: String, signedBy generation: CAGeneration) -> IssuedLeaf? {
        let all = (earlierLeaves[owner] ?? []) + (leaves[owner].map { [$0] } ?? [])
        return all.last { $0.generation == generation.id }
    }
}

/// A requestheader CA that must not be trusted again.
package struct CompromisedCA: Sendable, Equatable {
    /// Lower-case hex SHA-256 of the certificate.
    package var fingerprintSHA256: String
    /// Lower-case hex SHA-256 of its public key: another certificate for the same key is no better.
    package var publicKeySHA256: String
    package var since: UnixTime
    package var subject: String

    package init(fingerprintSHA256: String, publicKeySHA256: String, since: UnixTime, subject: String) {
        self.fingerprintSHA256 = fingerprintSHA256
        self.publicKeySHA256 = publicKeySHA256
        self.since = since
        self.subject = subject
    }

    /// Whether `certificate` is this CA, or another certificate for its key.
    package func covers(_ certificate: CertificateSummary) -> Bool {
        certificate.fingerprintSHA256 == fingerprintSHA256 || certificate.publicKeySHA256 == publicKeySHA256
    }
}

/// One requestheader CA.
package struct CAGeneration: Sendable, Equatable {
    /// Directory name, for example `0001-3f9a02c4`.
    package var id: String
    package var certificate: CertificateSummary
    package var pem: [UInt8]
    package var standing: Standing
    /// Whether its private key is in the state, so that it can sign.
    package var hasKey: Bool
    /// Its name and key as signed by the CA before it, which goes behind each of its leaves; nil where there is none.
    package var crossSigned: CrossCertificate?

    package enum Standing: Sendable, Equatable {
        /// Made here, and in use or about to be.
        case issued
        /// Made elsewhere and found on the nodes when it began to be replaced.
        case foreign
        /// No longer trusted anywhere: no node is to hold it again.
        case dropped
    }

    package init(
        id: String, certificate: CertificateSummary, pem: [UInt8], standing: Standing = .issued,
        hasKey: Bool = true, crossSigned: CrossCertificate? = nil
    ) {
        self.id = id
        self.certificate = certificate
        self.pem = pem
        self.standing = standing
        self.hasKey = hasKey
        self.crossSigned = crossSigned
    }
}

/// A CA's name and key under the signature of the CA before it: with it behind a leaf, those who trust that one only
/// take the leaf too.
package struct CrossCertificate: Sendable, Equatable {
    package var certificate: CertificateSummary
    package var pem: [UInt8]

    package init(certificate: CertificateSummary, pem: [UInt8]) {
        self.certificate = certificate
        self.pem = pem
    }
}

/// One proxy-client certificate.
package struct IssuedLeaf: Sendable, Equatable {
    /// Directory name, for example `0001`.
    package var id: String
    package var certificate: CertificateSummary
    /// The certificate file as nodes have it: the certificate, then `chain`.
    package var pem: [UInt8]
    /// What is presented behind the certificate: the cross certificate of its generation, or nothing.
    package var chain: [UInt8]
    /// Lower-case hex SHA-256 of the key file's bytes as nodes have it, which is never encrypted.
    package var keySHA256: String
    /// Id of the CA generation that signed it.
    package var generation: String
    /// `CertificateProfile.canonicalText` of what it was issued from.
    package var profile: String

    /// The certificate alone.
    package var certificatePEM: [UInt8] { chain.isEmpty ? pem : pem.dropLast(chain.count) }

    /// - Parameter pem: the certificate alone.
    package init(
        id: String, certificate: CertificateSummary, pem: [UInt8], chain: [UInt8] = [], keySHA256: String,
        generation: String, profile: String
    ) {
        self.id = id
        self.certificate = certificate
        // Without a chain no second copy is made.
        self.pem = chain.isEmpty ? pem : pem + chain
        self.chain = chain
        self.keySHA256 = keySHA256
        self.generation = generation
        self.profile = profile
    }
}

/// Whose leaf it is.
package enum LeafOwner {
    /// The one leaf of a cluster with `perNode: false`; no node can have this name.
    package static let shared = "_shared"

    /// The owner of `node`'s leaf.
    package static func of(_ node: NodeSpec, in spec: ClusterSpec) -> String {
        spec.certificates.proxyClient.perNode ? node.name : shared
    }
}
