// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// What a process's environment says of proxies.
package enum ObservedProxies: Sendable, Equatable {
    case seen(ProxyEnvironment)
    /// Why it could not be read.
    case unseen(Message)
}
