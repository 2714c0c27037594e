// SPDX-License-Identifier: Apache-2.0

import Operations
import Spec
import StateStore
import SystemdUnits
import Values

extension ScheduleChange {
    var text: Message {
        switch self {
        case .wrote(let path): "wrote \(path)"
        case .removed(let path): "removed \(path)"
        case .enabled(let timer): "enabled \(timer)"
        case .disabled(let timer): "disabled \(timer)"
        case .started(let timer): "started \(timer)"
        case .stopped(let timer): "stopped \(timer)"
        }
    }
}

/// A cluster's schedule in lines.
struct ScheduleReport {
    private let status: ScheduleStatus

    init(_ status: ScheduleStatus) { self.status = status }

    /// What `schedule install` says besides where this machine is a control plane.
    static func notice(_ run: Run) -> Message? {
        guard let node = run.spec.nodes.first(where: \.local) else { return nil }
        return "this machine is the control plane \(node.name): an attacker there gets the CA's key in "
            + "\(run.state.path) too, and the service may change files there; a machine that is not a control plane is better"
    }

    var lines: [Message] {
        guard !status.isAbsent else { return ["nothing is installed for cluster \(status.cluster)"] }
        let files = status.files.map { file -> Message in
            guard file.isThere else { return "\(file.path) is missing" }
            return file.isOurs ? "\(file.path) exists" : "\(file.path) was not written by aggbootstrap"
        }
        return files + ["runs: \(status.command.joined(separator: " "))", next, last]
    }

    /// When it runs next.
    var next: Message {
        if status.isRunning { return "a run is in progress" }
        let state: Message = status.isEnabled ? "enabled" : "not enabled, so it stops at the next reboot"
        guard status.isWaiting, let next = status.nextRun else {
            return status.isWaiting
                ? "next run: none, the timer is waiting for nothing" : "next run: none, the timer is stopped"
        }
        return "next run: \(next), \(state)"
    }

    private var last: Message {
        guard let end = status.lastEnd, let result = status.lastResult else {
            return "last run: none since this machine started"
        }
        return "last run: ended \(end), \(result), status \(status.lastStatus ?? 0)"
    }
}

/// The same as JSON.
struct ScheduleDocument: Encodable {
    struct File: Encodable {
        let path: String
        let isThere: Bool
        let isOurs: Bool
    }

    struct Last: Encodable {
        let begin: String?
        let end: String?
        let result: String?
        let exitStatus: Int32?
    }

    let schemaVersion = JSONText.schemaVersion
    let cluster: String
    let isInstalled: Bool
    let isEnabled: Bool
    let isRunning: Bool
    let files: [File]
    let command: [String]
    let nextRun: String?
    let lastRun: Last
    /// What this command has done.
    let done: [String]
    let notices: [String]

    init(_ status: ScheduleStatus, done: [ScheduleChange] = [], notice: Message? = nil) {
        cluster = status.cluster
        (isInstalled, isEnabled, isRunning) = (status.isInstalled, status.isEnabled, status.isRunning)
        files = status.files.map { File(path: $0.path, isThere: $0.isThere, isOurs: $0.isOurs) }
        command = status.command
        nextRun = status.isWaiting ? status.nextRun?.description : nil
        lastRun = Last(
            begin: status.lastRun?.description, end: status.lastEnd?.description, result: status.lastResult,
            exitStatus: status.lastStatus)
        self.done = done.map(\.text.description)
        notices = notice.map { [$0.description] } ?? []
    }

    func json() throws -> String { try JSONText.of(self) }
}

/// Units that would be written, as JSON.
struct ScheduleUnitsDocument: Encodable {
    struct File: Encodable {
        let path: String
        let text: String
    }

    let schemaVersion = JSONText.schemaVersion
    let files: [File]
    let notices: [String]

    init(_ units: ScheduleUnits, notice: Message?) {
        files = [units.service, units.timer].map { File(path: $0.path, text: $0.text) }
        notices = notice.map { [$0.description] } ?? []
    }

    func json() throws -> String { try JSONText.of(self) }
}
