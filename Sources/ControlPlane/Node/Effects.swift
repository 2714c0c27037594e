// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import NodeAccess
import Planning
import Spec
import SystemdBus
import Values

/// What a run takes from its surroundings.
package struct Effects: Sendable {
    package var now: @Sendable () -> UnixTime
    /// Takes what is being done.
    package var progress: @Sendable (ProgressEvent) -> Void
    /// Connects to the systemd of this machine.
    package var systemBus: @Sendable () throws -> any UnitManager
    /// Connects to a node; nil for the way that its spec names.
    package var link: (@Sendable (NodeSpec) throws -> NodeLink)?

    package init(
        now: @escaping @Sendable () -> UnixTime, progress: @escaping @Sendable (ProgressEvent) -> Void,
        systemBus: @escaping @Sendable () throws -> any UnitManager
    ) {
        self.now = now
        self.progress = progress
        self.systemBus = systemBus
    }

    /// The real ones.
    package static func real(progress: @escaping @Sendable (ProgressEvent) -> Void) -> Effects {
        Effects(now: LocalHost.now, progress: progress, systemBus: { try SystemBus(.system) })
    }
}
