// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Planning
import Proofs
import Values

/// How a rotation has ended.
package struct ConvergedRotation: Sendable {
    package let direction: RotationTerms.Direction
    /// On the control planes that it was about.
    package let run: Run
    /// Control planes that the layer is not on yet: `init` brings them in.
    package let leftToInit: [String]

    /// Makes every proof on them; changes nothing.
    package func prove() async throws -> [NodeProofs] {
        do { return try await run.controlPlanes.prove() } catch { throw BootstrapError(unproven: error) }
    }
}
