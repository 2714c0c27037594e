// SPDX-License-Identifier: Apache-2.0

import Spec
import Values

/// What the state directory holds, without any private key.
package struct StateInventory: Sendable, Equatable {
    /// The state directory, for messages.
    package let directory: String
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

    /// Fingerprints of all proxy client certificates that were ever issued; nil where the ledger does not say them all.
    package var issuedLeaves: Set<String>? = []
    /// Fingerprints of those that were on the control planes when their CA was taken over.
    package var adoptedLeaves: Set<String> = []

    package init(
        directory: String = "DIR", generations: [CAGeneration] = [], leaves: [String: IssuedLeaf] = [:],
        earlierLeaves: [String: [IssuedLeaf]] = [:], plainKeys: [String] = [], encryptedKeys: [String] = []
    ) {
        self.directory = directory
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

    /// Without the CA that the next change takes into the state directory.
    package var stored: StateInventory {
        var stored = self
        stored.generations.removeAll { !$0.isStored }
        return stored
    }

    /// With what the spec says of its CAs, as another reading of the same state directory has it.
    package func knowing(_ other: StateInventory) -> StateInventory {
        var known = self
        for generation in other.generations where generation.isExternal {
            if let index = known.generations.firstIndex(where: { $0.id == generation.id }) {
                known.generations[index].isExternal = true
            } else {
                known.generations.append(generation)
            }
        }
        return known
    }

    package func generation(_ id: String) -> CAGeneration? { generations.first { $0.id == id } }

    /// The newest leaf of `owner` that `generation` signed.
    package func leaf(of owner: String, signedBy generation: CAGeneration) -> IssuedLeaf? {
        let all = (earlierLeaves[owner] ?? []) + (leaves[owner].map { [$0] } ?? [])
        return all.last { $0.generation == generation.id }
    }
}
