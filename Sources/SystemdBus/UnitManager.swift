// SPDX-License-Identifier: Apache-2.0

/// The part of systemd's manager that turns units on and off; `SystemBus` is the real one.
package protocol UnitManager: Sendable {
    /// What systemd knows of a unit, whether it runs or not; a unit without a file is a value, not an error.
    func unit(_ name: String) throws(BusError) -> UnitState
    /// Reads all unit files again; without it a changed file is not used.
    func daemonReload() throws(BusError)
    /// Forgets a unit's failures and its start-rate counter: otherwise a start after a crash loop is refused.
    ///
    /// A unit that systemd does not hold in memory has none, and that is no error.
    func resetFailed(_ unit: String) throws(BusError)
    /// Restarts a unit and waits until systemd's job has ended.
    ///
    /// - Throws: `.jobRunning` when the job outlives `timeoutSeconds`; the job itself goes on.
    func restart(_ unit: String, timeoutSeconds: Int) throws(BusError) -> JobResult
    /// As `restart`; a running unit is left alone.
    func start(_ unit: String, timeoutSeconds: Int) throws(BusError) -> JobResult
    /// As `restart`; a stopped unit is left alone.
    func stop(_ unit: String, timeoutSeconds: Int) throws(BusError) -> JobResult
    /// Makes the links that its `[Install]` asks for, so that it starts at boot; without effect on what runs now.
    func enable(_ unit: String) throws(BusError)
    /// Removes those links.
    func disable(_ unit: String) throws(BusError)
}
