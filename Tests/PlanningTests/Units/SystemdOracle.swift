// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemdUnits
import TestSupport

/// What the installed systemd itself makes of unit files: its `--test` mode loads units and prints them.
struct SystemdOracle {
    /// A unit as systemd loaded it.
    struct Unit {
        var loadState = ""
        /// argv of each command, specifiers expanded and variables not.
        var commands: [[String]] = []
        var environment: [String] = []
        var environmentFiles: [String] = []
    }

    static let program = "/lib/systemd/systemd"

    /// Says so and is false where there is no systemd; a test then passes on.
    static var isThere: Bool {
        let isThere = FileManager.default.isExecutableFile(atPath: program)
        if !isThere { print("skipped: there is no \(program) (Debian package systemd) to compare with") }
        return isThere
    }

    /// Loads `files` (name to content; a drop-in as `NAME.d/FILE`) and returns each service by name.
    static func load(_ files: [String: [UInt8]]) throws -> [String: Unit] {
        let directory = try TemporaryDirectory()
        let runtime = directory.file("run")
        for (name, bytes) in files {
            let path = try directory.write("", to: "units/\(name)")
            try Data(bytes).write(to: URL(fileURLWithPath: path))
        }
        let services = files.keys.filter { $0.hasSuffix(".service") }.sorted()
        try directory.write("[Unit]\nWants=\(services.joined(separator: " "))\n", to: "units/oracle.target")
        try FileManager.default.createDirectory(atPath: runtime, withIntermediateDirectories: true)
        // systemd refuses this mode to root, so that root becomes nobody, who must reach the files.
        for path in [directory.path, runtime] { chmod(path, 0o777) }
        let become = geteuid() == 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
        let arguments =
            become + [
                "env", "-i", "PATH=/usr/bin:/bin", "HOME=/", "XDG_RUNTIME_DIR=\(runtime)",
                "SYSTEMD_UNIT_PATH=\(directory.file("units")):", program, "--test", "--user",
                "--unit=oracle.target", "--no-pager",
            ]
        let result = try run(arguments[0], Array(arguments.dropFirst()))
        let units = parse(result.stdout)
        guard services.allSatisfy({ units[$0] != nil }) else {
            throw OracleError(text: "systemd --test printed no unit: \(result.stderr.prefix(2000))")
        }
        return units
    }

    struct OracleError: Error { var text: String }

    private static func parse(_ dump: String) -> [String: Unit] {
        var units: [String: Unit] = [:]
        var name = ""
        // A literal newline never stands within a value: systemd prints it as \n.
        for line in dump.split(separator: "\n") {
            if line.hasPrefix("\t-> Unit "), line.hasSuffix(":") {
                name = String(line.dropFirst("\t-> Unit ".count).dropLast())
                units[name] = Unit()
            }
            let text = line.drop { $0 == "\t" }
            func value(_ key: String) -> String? {
                text.hasPrefix(key) ? String(text.dropFirst(key.count)) : nil
            }
            if let state = value("Unit Load State: ") { units[name]?.loadState = state }
            if let line = value("Command Line: ") { units[name]?.commands.append(words(line)) }
            if let line = value("Environment: ") { units[name]?.environment.append(line) }
            if let line = value("EnvironmentFile: ") { units[name]?.environmentFiles.append(line) }
        }
        return units
    }

    /// Undoes systemd's `quote_command_line()`: words that need it are in double quotes, with C escapes.
    static func words(_ line: String) -> [String] {
        let bytes = Array(line.utf8)
        var words: [[UInt8]] = []
        var word: [UInt8]?
        var (quoted, index) = (false, 0)
        let escapes: [UInt8: UInt8] = [
            UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10,
            UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11,
        ]
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\"") {
                quoted.toggle()
                word = word ?? []
            } else if byte == UInt8(ascii: " ") && !quoted {
                if let done = word { words.append(done) }
                word = nil
            } else if byte == UInt8(ascii: "\\") && quoted {
                let next = bytes[index]
                if (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(next) {
                    let digits = String(decoding: bytes[index..<(index + 3)], as: UTF8.self)
                    word?.append(UInt8(digits, radix: 8) ?? 0)
                    index += 3
                } else {
                    word?.append(escapes[next] ?? next)
                    index += 1
                }
            } else {
                word = (word ?? []) + [byte]
            }
        }
        if let word { words.append(word) }
        return words.map { String(decoding: $0, as: UTF8.self) }
    }
}
