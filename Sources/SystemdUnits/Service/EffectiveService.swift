// SPDX-License-Identifier: Apache-2.0

import Values

/// What a service's fragment and drop-ins amount to, in the settings that matter here.
package struct EffectiveService: Sendable, Equatable {
    /// A setting with where it stands.
    package struct Setting: Sendable, Equatable {
        /// As written; specifiers are not expanded.
        package var value: String
        package var path: String
        package var line: Int
    }

    /// The `ExecStart=` assignments in effect; an API server's unit has one.
    package private(set) var execStart: [UnitAssignment] = []
    /// Those that a later empty one has taken out of effect.
    package private(set) var replacedStarts: [UnitAssignment] = []
    /// Whether an empty `ExecStart=` is the last one, so that nothing is left to start.
    package private(set) var hasEmptiedStart = false
    /// The `ExecReload=` assignments in effect.
    package private(set) var execReload: [Setting] = []
    /// Lines that begin with `--` and belong to no setting; the value is empty.
    package private(set) var strayLines: [Setting] = []
    package private(set) var environment = ServiceEnvironment()
    package private(set) var user: Setting?
    package private(set) var group: Setting?
    package private(set) var type: Setting?
    /// As written, without `-`; nil where none is set: then it is `/`.
    package private(set) var workingDirectory: String?
    /// What it sees of the node's files.
    package private(set) var files = ServiceFileView()

    private static let types: Set<String> = [
        "simple", "exec", "forking", "oneshot", "dbus", "notify", "notify-reload", "idle",
    ]

    /// - Parameters:
    ///   - unit: its name, which specifiers stand for.
    ///   - sources: the fragment, then the drop-ins in the order in which systemd applies them.
    ///   - environmentFiles: text by path, for each `EnvironmentFile=` that exists.
    /// - Throws: `UnitError` where a file cannot be read as a unit file.
    package init(
        unit: String, sources: [UnitText], environmentFiles: [String: String] = [:]
    ) throws(UnitError) {
        let names = UnitNames(unit: unit)
        var environment = ServiceEnvironmentReader(names: names)
        for source in sources {
            let file = try UnitFile.parse(source)
            strayLines += file.strayLines.map { Setting(value: "", path: file.path, line: $0) }
            for assignment in file.assignments where assignment.section == "Service" {
                take(assignment)
                environment.take(assignment)
                files.take(assignment, names)
            }
        }
        environment.load(environmentFiles)
        self.environment = environment.environment
    }

    /// The one command that the service runs.
    ///
    /// - Parameter unit: its name, for messages.
    /// - Throws: `UnitError`: `noCommand`, `severalCommands`, or `badSyntax` of that line.
    package func command(unit: String) throws(UnitError) -> ExecCommand {
        guard let assignment = execStart.last else {
            throw UnitError(
                .noCommand, "read", unit, cause: "no ExecStart= is in effect",
                hint: "give the unit that runs kube-apiserver")
        }
        guard execStart.count == 1 else {
            let places = execStart.map(\.place).joined(separator: ", ")
            throw UnitError(
                .severalCommands, "read", unit,
                cause: "\(execStart.count) ExecStart= are in effect: \(places)",
                hint: "a drop-in that replaces the command needs an empty ExecStart= first")
        }
        return try ExecCommand(assignment)
    }

    /// What the process of `command` gets, as far as the files tell: a shell's text is read for it.
    package func arguments(of command: ExecCommand) -> [String] {
        let expansion =
            ShellCommand(command)?.expand(environment) ?? command.expand(environment: environment)
        return expansion.arguments.map(\.pattern.description)
    }

    /// A path of the command line as the process takes it; unchanged where that cannot be told.
    package func absolutePath(_ path: String) -> String {
        let directory = workingDirectory ?? "/"
        guard !path.hasPrefix("/"), directory.hasPrefix("/"), !directory.contains("%") else { return path }
        return directory.hasSuffix("/") ? directory + path : "\(directory)/\(path)"
    }

    private mutating func take(_ assignment: UnitAssignment) {
        let value = assignment.value
        let setting = Setting(value: value, path: assignment.path, line: assignment.lineNumber)
        switch assignment.key {
        case "ExecStart":
            hasEmptiedStart = value.isEmpty
            if value.isEmpty {
                replacedStarts += execStart
                execStart = []
            } else {
                execStart.append(assignment)
            }
        case "ExecReload": if value.isEmpty { execReload = [] } else { execReload.append(setting) }
        case "User": user = value.isEmpty ? nil : setting
        case "Group": group = value.isEmpty ? nil : setting
        case "WorkingDirectory":
            workingDirectory = value.isEmpty ? nil : String(value.trimmingPrefix("-"))
        case "Type": if Self.types.contains(value) { type = setting }
        default: break
        }
    }
}
