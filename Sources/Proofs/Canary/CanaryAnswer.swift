// SPDX-License-Identifier: Apache-2.0

import Values

/// What became of a canary's probe.
package enum CanaryAnswer: Sendable {
    case seen(CanarySighting)
    /// Nothing arrived; why, as far as it is known.
    case notReached(Message)
}
