// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import Synchronization
import SystemdBus

/// A machine's systemd with one unit, which it loads when it is told to, and starts as it was loaded.
final class FakeSystemd: Sendable {
    /// A unit as its files say it.
    struct Unit: Sendable, Equatable {
        var command: [String]
        var fragment: String?
        var dropIns: [String] = []
    }

    struct State: Sendable {
        var loaded: Unit
        /// The command line of the process; nil where none runs.
        var running: [String]?
        var pid: Int32 = 0
        var restarts = 0
    }

    private let state: Mutex<State>
    /// The unit's files as they are now.
    let files: @Sendable () -> Unit
    /// Told of each process that starts.
    private let started: @Sendable (_ pid: Int32, _ command: [String]) -> Void
    /// Whether a process with that command line comes up.
    private let comesUp: @Sendable (_ command: [String]) -> Bool
    private let refused = Mutex<(@Sendable ([String]) -> Bool)?>(nil)

    init(
        _ files: @escaping @Sendable () -> Unit,
        started: @escaping @Sendable (Int32, [String]) -> Void = { _, _ in },
        comesUp: @escaping @Sendable ([String]) -> Bool = { _ in true }
    ) {
        (self.files, self.started, self.comesUp) = (files, started, comesUp)
        state = Mutex(State(loaded: files()))
        start()
    }

    /// Commands that do not start from now on.
    func refuse(_ commands: (@Sendable ([String]) -> Bool)?) { refused.withLock { $0 = commands } }

    var running: [String]? { state.withLock { $0.running } }
    var restarts: Int { state.withLock { $0.restarts } }

    private static let pids = Atomic<Int32>(1000)

    @discardableResult private func start() -> Bool {
        let refuses = refused.withLock { $0 }
        let pid = Self.pids.add(1, ordering: .relaxed).newValue
        let command = state.withLock { state -> [String]? in
            guard refuses?(state.loaded.command) != true, comesUp(state.loaded.command) else {
                state.running = nil
                return nil
            }
            (state.running, state.pid) = (state.loaded.command, pid)
            return state.running
        }
        guard let command else { return false }
        started(pid, command)
        return true
    }

    func unit(_ name: String) -> UnitState {
        let files = files()
        return state.withLock { now in
            var state = UnitState()
            let isUp = now.running != nil
            (state.id, state.loadState) = (name, "loaded")
            (state.activeState, state.subState) = isUp ? ("active", "running") : ("failed", "failed")
            (state.fragmentPath, state.dropInPaths) = (now.loaded.fragment, now.loaded.dropIns)
            (state.execStart, state.execPaths) = ([now.loaded.command], [now.loaded.command.first ?? ""])
            state.mainPID = isUp ? now.pid : nil
            state.needDaemonReload = files != now.loaded
            return state
        }
    }

    /// Its process has ended, and is not started again.
    func end() { state.withLock { $0.running = nil } }

    func daemonReload() {
        let files = files()
        state.withLock { $0.loaded = files }
    }

    func restart() -> JobResult {
        state.withLock { $0.restarts += 1 }
        return start() ? .done : .failed
    }
}
