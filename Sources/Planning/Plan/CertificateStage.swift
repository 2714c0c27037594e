// SPDX-License-Identifier: Apache-2.0

/// What the certificate files of every node are to hold at one stage of a CA's rotation.
package struct CertificateStage: Sendable, Equatable {
    package enum Leaves: Sendable, Equatable {
        /// Key and certificate stay what they are.
        case asInstalled
        /// What the node's API server presents is copied to where the spec wants it.
        case moved
        /// Each node gets the newest leaf that this generation signed.
        case signed(by: CAGeneration)
    }

    /// The trust bundle, in the order of its file; empty where each node keeps what it has.
    package var bundle: [CAGeneration]
    package var leaves: Leaves

    /// The generation that signs new leaves; nil where none is made.
    package var signing: CAGeneration? {
        if case .signed(let generation) = leaves { return generation }
        return nil
    }

    /// No certificate file is to change.
    package static let asInstalled = CertificateStage(bundle: [], leaves: .asInstalled)

    package init(bundle: [CAGeneration], leaves: Leaves) {
        self.bundle = bundle
        self.leaves = leaves
    }
}
