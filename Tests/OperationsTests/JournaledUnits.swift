// SPDX-License-Identifier: Apache-2.0

import SystemdBus
import Values

/// The way to a machine's systemd, each step of which is in a journal.
final class JournaledUnits: UnitManager {
    private let systemd: FakeSystemd
    private let journal: Journal
    private let name: String
    private let lock: JournaledNode.Lock?
    /// Called while the unit is down.
    private let whileDown: @Sendable () -> Void

    init(
        _ systemd: FakeSystemd, _ journal: Journal, name: String = "", lock: JournaledNode.Lock? = nil,
        whileDown: @escaping @Sendable () -> Void = {}
    ) {
        (self.systemd, self.journal, self.lock, self.whileDown) = (systemd, journal, lock, whileDown)
        self.name = name.isEmpty ? "" : "\(name): "
    }

    private func step<T>(_ step: String, _ body: () -> T) throws(BusError) -> T {
        let fate = journal.note(name + step)
        // systemd knows nothing of it.
        if fate == .lockLost { lock?.pass(to: "another") }
        if case .failing = fate {
            throw BusError(.refused, operation: "do", subject: step, underlying: "made to fail")
        }
        guard fate != .lost else { throw Self.lost(step) }
        let result = body()
        if fate == .lostBehind { throw Self.lost(step) }
        return result
    }

    private static func lost(_ step: String) -> BusError {
        BusError(.noReply, operation: "do", subject: step, underlying: "nothing is heard")
    }

    func unit(_ name: String) throws(BusError) -> UnitState {
        if journal.isLost { throw Self.lost("unit") }
        return systemd.unit(name)
    }

    func daemonReload() throws(BusError) { try step("daemon-reload") { systemd.daemonReload() } }
    func resetFailed(_ name: String) throws(BusError) { try step("reset-failed") {} }
    func restart(_ name: String, timeoutSeconds: Int) throws(BusError) -> JobResult {
        try step("restart") {
            whileDown()
            return systemd.restart()
        }
    }
    func start(_ name: String, timeoutSeconds: Int) throws(BusError) -> JobResult {
        throw unexpected("start")
    }
    func stop(_ name: String, timeoutSeconds: Int) throws(BusError) -> JobResult { throw unexpected("stop") }
    func enable(_ name: String) throws(BusError) { throw unexpected("enable") }
    func disable(_ name: String) throws(BusError) { throw unexpected("disable") }

    private func unexpected(_ call: Message) -> BusError {
        BusError(.refused, operation: call, subject: "the unit", underlying: "nobody expects it")
    }
}
