// SPDX-License-Identifier: Apache-2.0

/// The service that renews what is due in a cluster, and its timer, ready to be written: read back and compared with what
/// was wanted.
package struct ScheduleUnits: Sendable, Equatable {
    /// What the two units are made of.
    package struct Request: Sendable, Equatable {
        package var cluster: String
        /// The program's absolute path, then its arguments.
        package var command: [String]
        /// The file that holds the state's passphrase; nil for none.
        package var passphraseFile: String?
        /// Directories that the service may change files in.
        package var writable: [String]
        /// Whether the machine is a control plane of the cluster.
        package var onControlPlane: Bool
        /// When it runs, as systemd.time(7) says.
        package var calendar: String

        package init(
            cluster: String, command: [String], passphraseFile: String? = nil, writable: [String],
            onControlPlane: Bool = false, calendar: String = "daily"
        ) {
            self.cluster = cluster
            self.command = command
            self.passphraseFile = passphraseFile
            self.writable = writable
            self.onControlPlane = onControlPlane
            self.calendar = calendar
        }
    }

    package let service: UnitText
    package let timer: UnitText

    /// Begins each of the two files; earlier versions went on with other words.
    private static let mark = "# Written by aggbootstrap schedule, which "

    /// `aggbootstrap-CLUSTER.service`.
    package static func serviceName(_ cluster: String) -> String { "aggbootstrap-\(cluster).service" }

    /// `aggbootstrap-CLUSTER.timer`.
    package static func timerName(_ cluster: String) -> String { "aggbootstrap-\(cluster).timer" }

    /// Where a unit of this machine lies.
    package static func path(_ unit: String) -> String { "/etc/systemd/system/\(unit)" }

    /// Whether a file is one that this program has written as such a unit.
    package static func isOurs(_ text: [UInt8]) -> Bool { text.starts(with: mark.utf8) }

    /// - Throws: `UnitError` with `unsafeValue` for a value that cannot be written into a unit.
    package static func render(_ request: Request) throws(UnitError) -> ScheduleUnits {
        let cluster = request.cluster
        let units = ScheduleUnits(
            service: UnitText(
                path: path(serviceName(cluster)),
                text: try UnitTemplate.scheduleService(
                    cluster: cluster, command: request.command, passphrase: request.passphraseFile,
                    writable: request.writable, onControlPlane: request.onControlPlane)),
            timer: UnitText(
                path: path(timerName(cluster)),
                text: try UnitTemplate.scheduleTimer(cluster: cluster, calendar: request.calendar)))
        try RenderedUnit.require(try units.say(request), units.service.path)
        return units
    }

    /// Whether systemd would read what was wanted.
    private func say(_ request: Request) throws(UnitError) -> Bool {
        let effective = try EffectiveService(unit: service.fileName, sources: [service])
        let command = try effective.command(unit: service.fileName)
        let arguments = command.expand(environment: effective.environment).arguments.map(\.pattern)
        let settings = try UnitFile.parse(service).assignments
        let credential = settings.filter { $0.key == "LoadCredential" }.map(\.value)
        let wanted = request.passphraseFile.map {
            ["aggbootstrap-passphrase:" + $0.replacing("%", with: "%%")]
        }
        var writable: [ArgumentPattern] = []
        for assignment in settings where assignment.key == "ReadWritePaths" {
            var words = UnitWordReader(assignment.line.bytes, in: assignment.stripped, escapes: .plain)
            while let word = try? words.next() {
                writable.append(ArgumentPattern(expanding: String(decoding: word.value, as: UTF8.self)))
            }
        }
        let calendar = try UnitFile.parse(timer).assignments.filter { $0.key == "OnCalendar" }.map(\.value)
        return arguments.areIdentical(to: request.command.map { ArgumentPattern(text: $0) })
            && command.prefix.isEmpty && effective.type?.value == "oneshot" && effective.user == nil
            && credential == wanted ?? []
            && calendar == [request.calendar.replacing("%", with: "%%")]
            && writable.areIdentical(to: request.writable.map { ArgumentPattern(text: "-\($0)") })
            && Self.isOurs(Array(service.text.utf8)) && Self.isOurs(Array(timer.text.utf8))
    }
}
