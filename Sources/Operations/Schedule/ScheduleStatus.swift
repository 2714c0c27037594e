// SPDX-License-Identifier: Apache-2.0

import SystemdBus
import Values

/// A cluster's schedule as it is on this machine.
package struct ScheduleStatus: Sendable {
    package struct File: Sendable {
        package let path: String
        package let isThere: Bool
        /// Whether `schedule install` has written it.
        package let isOurs: Bool
    }

    package let cluster: String
    package let files: [File]
    private let timer: UnitState
    private let service: UnitState

    init(cluster: String, files: [File], timer: UnitState, service: UnitState) {
        (self.cluster, self.files, self.timer, self.service) = (cluster, files, timer, service)
    }

    /// Whether both units are there.
    package var isInstalled: Bool { files.allSatisfy(\.isThere) }
    /// Whether neither is.
    package var isAbsent: Bool { !files.contains(where: \.isThere) }
    package var isEnabled: Bool { timer.unitFileState == "enabled" }
    package var isWaiting: Bool { timer.activeState == "active" }
    package var isRunning: Bool { ["activating", "active", "deactivating"].contains(service.activeState) }
    package var nextRun: UnixTime? { Self.time(timer.nextElapse) }
    package var lastRun: UnixTime? { Self.time(service.execMainStartTimestamp) }
    package var lastEnd: UnixTime? { Self.time(service.execMainExitTimestamp) }
    /// systemd's word: `success`, `exit-code`, `signal`, ...
    package var lastResult: String? { lastEnd == nil ? nil : service.result }
    /// The exit status, or the signal's number.
    package var lastStatus: Int32? { lastEnd == nil ? nil : service.execMainStatus }
    /// The program and its arguments.
    package var command: [String] { service.execStart.first ?? [] }

    /// - Parameter microseconds: 0 for never, all ones for no time at all.
    private static func time(_ microseconds: UInt64) -> UnixTime? {
        guard microseconds > 0, let seconds = Int64(exactly: microseconds / 1_000_000),
            microseconds != UInt64.max
        else { return nil }
        return UnixTime(seconds: seconds)
    }
}
