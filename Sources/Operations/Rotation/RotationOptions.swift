// SPDX-License-Identifier: Apache-2.0

import Planning
import Proofs

/// What the operator may choose of a CA's rotation.
package struct RotationOptions: Sendable {
    /// Why it is begun; one that is open already, without a compromise, gets this cause.
    package var cause = RotationTerms.Cause.asked
    /// `NAMESPACE/NAME` of Services whose servers are not waited for, and `NODE/PROGRAM` of who else reads the CA's
    /// file on a control plane.
    package var acceptsLaggards: Set<String> = []
    /// Go on although no extension server can be asked, since there is no kubeconfig.
    package var acceptsUnseenExtensions = false
    /// Addresses of API servers that are not in the spec and are known to keep the old CA.
    package var acceptsUnlisted: Set<String> = []
    /// Have the old CA sign the new one too: extension servers that know only the old one go on serving until they are
    /// restarted.
    package var crossSigns = false
    /// How long both CAs are trusted after every control plane presents the new one's, seconds; nil for what the
    /// cause asks for.
    package var soakSeconds: Int?
    /// How long the old CA must stay away from extension servers once it is dropped; seconds.
    package var watchSeconds = 120
    /// As `LeafRotation.Options.reloadSeconds`.
    package var reloadSeconds = 65
    package var witness = WitnessOptions()

    package init() {}
}
