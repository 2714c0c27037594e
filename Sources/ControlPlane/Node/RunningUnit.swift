// SPDX-License-Identifier: Apache-2.0

import NodeAccess
import Planning
import SystemdBus
import SystemdUnits

/// What is waited for of a unit.
enum RunningUnit {
    /// How long a started API server may take to become ready.
    static let readySeconds = 120
}

extension UnitState {
    var activity: LiveUnit.Activity {
        switch activeState {
        case "active", "reloading": .running
        case "inactive": .stopped
        default: .failing
        }
    }

    /// In systemd's words, for example `active/running`.
    var text: String { "\(activeState)/\(subState)" }
}

extension UnitManager {
    /// The unit's state, once a start or stop that is under way has ended: what it is meanwhile says nothing.
    func settledUnit(_ name: String) async throws -> UnitState {
        let deadline = ContinuousClock.now + .seconds(RunningUnit.readySeconds)
        while true {
            let state = try unit(name)
            let isStarting = state.activeState == "activating" && state.subState != "auto-restart"
            guard isStarting || state.activeState == "deactivating", ContinuousClock.now < deadline else {
                return state
            }
            try await Task.sleep(for: .milliseconds(250))
        }
    }
}

extension NodeLink {
    /// The flags of a unit's main process, which may be other ones after each restart; nil where it has no process.
    func runningFlags(of unit: String) throws -> EffectiveFlags? {
        try runningArguments(of: unit).map { EffectiveFlags.parse(commandLine: $0) }
    }

    /// The command line of a unit's main process, its program first.
    private func runningArguments(of unit: String) throws -> [String]? {
        if let external { return try external.current()?.arguments }
        guard let pid = try units?.unit(unit).mainPID else { return nil }
        return try ProcessArguments.read(pid: Int(pid), on: node)
    }
}
