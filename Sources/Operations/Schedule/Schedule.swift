// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import LocalFiles
import NodeAccess
import Spec
import SystemdBus
import SystemdUnits
import Values

/// The service and timer on this machine that renew what is due in one cluster.
package struct Schedule: Sendable {
    private static let workDirectory = "/run/aggbootstrap-schedule"
    private static let timeoutSeconds = 60

    package let serviceName: String
    package let timerName: String
    private let cluster: String
    private let effects: Effects

    package init(cluster: String, effects: Effects) {
        (self.cluster, self.effects) = (cluster, effects)
        (serviceName, timerName) = (ScheduleUnits.serviceName(cluster), ScheduleUnits.timerName(cluster))
    }

    /// - Throws: `usage/cluster` for what is no cluster's name, and could be another unit's.
    package init(named cluster: String, effects: Effects) throws {
        if let complaint = ClusterSpec.complaint(aboutClusterName: cluster) {
            throw BootstrapError(
                "usage/cluster", status: .usage, complaint, hint: "use the name in `cluster` of the spec")
        }
        self.init(cluster: cluster, effects: effects)
    }

    private var paths: [String] { [serviceName, timerName].map(ScheduleUnits.path) }

    /// - Throws: `schedule/needs-root`.
    package static func checkRoot() throws {
        guard !LocalHost.isRoot else { return }
        throw BootstrapError(
            "schedule/needs-root", "a schedule needs root: it writes units of this machine's systemd",
            hint: "run it with sudo")
    }

    // MARK: - Install

    /// Writes what differs, and turns the timer on.
    /// - Returns: what was done; empty where nothing had to be.
    package func install(_ units: ScheduleUnits) async throws -> [ScheduleChange] {
        var changed: [UnitText] = []
        for unit in [units.service, units.timer] where try differs(unit) { changed.append(unit) }
        if !changed.isEmpty { try await verify(units) }
        return try install(changed, restartsTimer: changed.contains(units.timer))
    }

    private func install(_ changed: [UnitText], restartsTimer: Bool) throws -> [ScheduleChange] {
        let manager = try effects.systemBus()
        try AtomicFileWriter.write(changed.map { FileWrite($0.path, .text($0.text), mode: 0o644) })
        var done = changed.map { ScheduleChange.wrote($0.path) }
        // A run that was killed may have written without having told systemd.
        let stale = try [serviceName, timerName].contains { name in
            let state = try manager.unit(name)
            return state.needDaemonReload || state.loadState == "not-found"
        }
        if !changed.isEmpty || stale { try manager.daemonReload() }
        if try manager.unit(timerName).unitFileState != "enabled" {
            try manager.enable(timerName)
            try manager.daemonReload()
            done.append(.enabled(timerName))
        }
        if try manager.unit(timerName).activeState != "active" {
            try end(manager.start(timerName, timeoutSeconds: Self.timeoutSeconds), "start")
            done.append(.started(timerName))
        } else if restartsTimer {
            try end(manager.restart(timerName, timeoutSeconds: Self.timeoutSeconds), "restart")
        }
        return done
    }

    /// Whether the file must be written.
    private func differs(_ unit: UnitText) throws -> Bool {
        guard let content = try own(unit.path), let status = try FileStatus.of(unit.path) else { return true }
        return content != Array(unit.text.utf8) || status.mode != 0o644
    }

    /// What is there, if it is ours.
    private func own(_ path: String) throws -> [UInt8]? {
        guard let status = try FileStatus.of(path) else { return nil }
        if status.kind == .regular, let content = try FileReader.read(path), ScheduleUnits.isOurs(content) {
            return content
        }
        throw BootstrapError(
            "schedule/foreign", "\(path) exists and was not written by aggbootstrap schedule",
            hint: "look at it, and move it away; nothing was changed")
    }

    /// Lets systemd's own parser judge both before systemd sees them.
    private func verify(_ units: ScheduleUnits) async throws {
        let files = [units.service, units.timer].map { (name: $0.fileName, text: $0.text) }
        let lines = try await SystemdAnalyze(node: LocalTransport(), directory: Self.workDirectory).verify(
            files.map(\.name), files)
        guard !lines.isEmpty else { return }
        throw BootstrapError(
            "schedule/does-not-verify", "systemd would not load \(serviceName) and \(timerName)",
            hint: "nothing was changed", details: Message.verbatim(lines))
    }

    private func end(_ result: JobResult, _ operation: Message) throws {
        guard result == .done else {
            throw BootstrapError(
                "schedule/job", "cannot \(operation) \(timerName): systemd's job ended with \(result)",
                hint: "run systemctl status \(timerName) to see why")
        }
    }

    // MARK: - Remove

    /// Stops and disables the timer and removes our own files; a run in progress continues.
    /// - Returns: what was done; empty where there was nothing.
    package func remove() throws -> [ScheduleChange] {
        let present = try paths.filter { try own($0) != nil }
        let manager = try effects.systemBus()
        let timer = try manager.unit(timerName)
        let isOurs = timer.fragmentPath.map(paths.contains) ?? false
        var done: [ScheduleChange] = []
        if isOurs || present.contains(ScheduleUnits.path(timerName)) {
            if timer.activeState == "active" {
                try end(manager.stop(timerName, timeoutSeconds: Self.timeoutSeconds), "stop")
                done.append(.stopped(timerName))
            }
            if timer.unitFileState == "enabled" {
                try manager.disable(timerName)
                done.append(.disabled(timerName))
            }
        }
        for path in present.reversed() {
            try AtomicFileWriter.remove(path)
            done.append(.removed(path))
        }
        guard !done.isEmpty else { return [] }
        // When it last ran, which Persistent= has written down.
        try AtomicFileWriter.remove("/var/lib/systemd/timers/stamp-\(timerName)")
        try AtomicFileWriter.syncDirectory("/etc/systemd/system")
        try manager.daemonReload()
        try manager.resetFailed(serviceName)
        return done
    }

    // MARK: - Show

    /// What is installed, and what systemd says of it.
    package func status() throws -> ScheduleStatus {
        let texts = try paths.map { path -> [UInt8]? in
            try FileStatus.of(path) == nil ? nil : try FileReader.read(path)
        }
        let manager = try effects.systemBus()
        return ScheduleStatus(
            cluster: cluster,
            files: zip(paths, texts).map { path, text in
                .init(path: path, isThere: text != nil, isOurs: text.map(ScheduleUnits.isOurs) ?? false)
            },
            timer: try manager.unit(timerName), service: try manager.unit(serviceName))
    }
}
