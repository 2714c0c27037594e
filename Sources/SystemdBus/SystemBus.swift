// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Values

/// systemd's manager over D-Bus (org.freedesktop.systemd1(5)).
///
/// One connection behind a lock: calls from several threads follow one another, and a waiting `restart` holds the
/// others up. Use one `SystemBus` per node.
package final class SystemBus: UnitManager {
    private let connection: Mutex<BusConnection>

    /// Connects, and waits until the bus has answered.
    ///
    /// - Throws: `.unavailable` where no bus answers at `address`.
    package init(_ address: BusAddress) throws(BusError) {
        connection = Mutex(try .connected(to: address))
    }

    package func unit(_ name: String) throws(BusError) -> UnitState {
        try connection.withLock { (bus) throws(BusError) in
            // LoadUnit, not GetUnit: that one knows loaded units only, and a stopped unit need not be loaded.
            let path = try bus.call("LoadUnit", [name], subject: name).readText("o")
            // The empty interface stands for all: one round trip, which counts over ssh.
            let reply = try bus.call(
                "GetAll", of: "org.freedesktop.DBus.Properties", path: path, [""], subject: name)
            return try UnitState(reading: reply)
        }
    }

    /// systemd's own version, for example `252.39-1~deb12u1`.
    package func version() throws(BusError) -> String {
        try connection.withLock { (bus) throws(BusError) in
            let reply = try bus.call(
                "Get", of: "org.freedesktop.DBus.Properties",
                ["org.freedesktop.systemd1.Manager", "Version"],
                subject: "systemd")
            var version = ""
            try reply.entering("v", "s") { (value) throws(BusError) in version = try value.readText() }
            return version
        }
    }

    package func daemonReload() throws(BusError) {
        // Generators run again within this call, and systemd lets them take up to 90 s.
        try connection.withLock { (bus) throws(BusError) in
            _ = try bus.call("Reload", [], subject: "systemd", timeout: 180_000_000)
        }
    }

    package func resetFailed(_ unit: String) throws(BusError) {
        try connection.withLock { (bus) throws(BusError) in
            do throws(BusError) { _ = try bus.call("ResetFailedUnit", [unit], subject: unit) } catch {
                // "not loaded": systemd dropped the stopped unit from memory, and its failures with it.
                guard error.code == .noSuchUnit else { throw error }
            }
        }
    }

    package func restart(_ unit: String, timeoutSeconds: Int) throws(BusError) -> JobResult {
        try runJob("RestartUnit", unit, timeoutSeconds)
    }

    package func start(_ unit: String, timeoutSeconds: Int) throws(BusError) -> JobResult {
        try runJob("StartUnit", unit, timeoutSeconds)
    }

    package func stop(_ unit: String, timeoutSeconds: Int) throws(BusError) -> JobResult {
        try runJob("StopUnit", unit, timeoutSeconds)
    }

    package func enable(_ unit: String) throws(BusError) {
        // Not at runtime only, and no link is forced over another one.
        try connection.withLock { (bus) throws(BusError) in
            _ = try bus.call("EnableUnitFiles", subject: unit) { (message) throws(BusError) in
                try message.append([unit])
                try message.append(false)
                try message.append(false)
            }
        }
    }

    package func disable(_ unit: String) throws(BusError) {
        try connection.withLock { (bus) throws(BusError) in
            _ = try bus.call("DisableUnitFiles", subject: unit) { (message) throws(BusError) in
                try message.append([unit])
                try message.append(false)
            }
        }
    }

    private func runJob(_ method: String, _ unit: String, _ seconds: Int) throws(BusError) -> JobResult {
        try connection.withLock { (bus) throws(BusError) in
            try bus.runJob(method, unit, timeoutSeconds: seconds)
        }
    }
}
