// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import SystemdUnits

/// What proofs are made for.
package enum ProofPurpose: Sendable {
    /// A change was made, which no proxy has to do with: one in the way is said and fails nothing.
    case change
    /// Whether the layer works.
    case verification
}
