// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// A unit's state in the running systemd.
package struct LiveUnit: Sendable, Equatable {
    package enum Activity: Sendable, Equatable {
        /// `active`: its main process runs.
        case running
        /// `inactive`: stopped on purpose, or never started.
        case stopped
        /// `failed`, `activating` again and again, or anything else that does not serve.
        case failing
    }

    package var activity: Activity
    /// systemd's own words, for example `active/running`.
    package var stateText: String
    /// Files of the unit, other than ours, changed since systemd read them.
    package var needDaemonReload: Bool
    /// Drop-ins that systemd has loaded.
    package var loadedDropIns: [String]
    /// argv of the loaded `ExecStart=`, specifiers expanded, variables not.
    package var loadedArguments: [String]
    /// argv of the main process; nil where there is none.
    package var runningArguments: [String]?
    package var mainPID: Int
    /// When the main process started; nil where there is none.
    package var startedAt: UnixTime?
    /// Which proxies the running process takes.
    package var proxies = ObservedProxies.unseen("its process does not run")

    package init(
        activity: Activity, stateText: String, needDaemonReload: Bool, loadedDropIns: [String] = [],
        loadedArguments: [String],
        runningArguments: [String]?, mainPID: Int
    ) {
        self.activity = activity
        self.stateText = stateText
        self.needDaemonReload = needDaemonReload
        self.loadedDropIns = loadedDropIns
        self.loadedArguments = loadedArguments
        self.runningArguments = runningArguments
        self.mainPID = mainPID
    }
}
