// SPDX-License-Identifier: Apache-2.0

/// One unit as systemd has loaded it (org.freedesktop.systemd1(5), interfaces Unit and Service).
///
/// A property that the unit's type does not have keeps its empty value.
package struct UnitState: Sendable, Equatable {
    /// The unit's primary name, which differs from the asked one where that is an alias.
    package var id = ""
    /// `loaded`, `not-found`, `bad-setting`, `error`, `masked`, ...
    package var loadState = ""
    /// Why it could not be loaded; nil where it could.
    package var loadError: String?
    /// `active`, `inactive`, `failed`, `activating`, `deactivating`, `reloading`.
    package var activeState = ""
    /// `running`, `dead`, `auto-restart`, ...
    package var subState = ""
    /// The unit file; nil where there is none.
    package var fragmentPath: String?
    /// Drop-in files in the order in which they apply.
    package var dropInPaths: [String] = []
    /// `enabled`, `disabled`, ...; empty where there is no file.
    package var unitFileState = ""
    /// When a timer starts its unit next; microseconds since 1970, 0 for never.
    package var nextElapse: UInt64 = 0
    /// A file changed on disk since systemd read it.
    package var needDaemonReload = false
    /// nil while no main process runs.
    package var mainPID: Int32?
    /// The argument vectors of `ExecStart=`, with %-specifiers expanded and $-variables not.
    package var execStart: [[String]] = []
    /// The executable of each entry of `execStart`.
    package var execPaths: [String] = []
    /// `success`, `exit-code`, `start-limit-hit`, ...
    package var result = ""
    /// Exit status (or signal) of the last main process that ended.
    package var execMainStatus: Int32 = 0
    /// Microseconds since 1970; 0 where it never happened.
    package var execMainStartTimestamp: UInt64 = 0
    package var execMainExitTimestamp: UInt64 = 0
    /// 32 hex digits, new with every start; empty while it never ran.
    package var invocationID = ""

    package init() {}
}
