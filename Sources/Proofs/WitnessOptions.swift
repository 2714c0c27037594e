// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import PKI
import Planning
import Spec
import Synchronization
import Values

/// Whether a canary is to see which pair each aggregator presents while pairs are changed.
package struct WitnessOptions: Sendable {
    /// Whether one is made at all, where there is a kubeconfig.
    package var isWanted: Bool
    /// Where control planes reach this machine; nil for the address that it has towards them.
    package var address: CanaryAddress?

    package init(isWanted: Bool = true, address: CanaryAddress? = nil) {
        self.isWanted = isWanted
        self.address = address
    }
}
