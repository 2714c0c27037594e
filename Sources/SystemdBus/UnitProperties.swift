// SPDX-License-Identifier: Apache-2.0

import Values

extension UnitState {
    /// Reads the reply of org.freedesktop.DBus.Properties.GetAll (`a{sv}`).
    ///
    /// A property of another type than systemd documents is skipped and keeps its empty value.
    init(reading reply: borrowing BusMessage) throws(BusError) {
        var state = UnitState()
        try reply.readEach("e", "sv") { (entry) throws(BusError) in
            let name = try entry.readText()
            guard let type = try entry.variantType(), Self.known.contains("\(name) \(type)") else {
                return try entry.skip("v")
            }
            try entry.entering("v", type) { (value) throws(BusError) in
                try state.read(name, from: value)
            }
        }
        guard !state.loadState.isEmpty else { throw reply.malformed("it has no LoadState") }
        self = state
    }

    private static let known: Set<String> = [
        "Id s", "LoadState s", "LoadError (ss)", "ActiveState s", "SubState s", "FragmentPath s",
        "DropInPaths as", "NeedDaemonReload b", "MainPID u", "ExecStart a(sasbttttuii)", "Result s",
        "ExecMainStatus i", "ExecMainStartTimestamp t", "ExecMainExitTimestamp t", "InvocationID ay",
        "UnitFileState s", "NextElapseUSecRealtime t",
    ]

    private mutating func read(_ name: String, from value: borrowing BusMessage) throws(BusError) {
        switch name {
        case "Id": id = try value.readText()
        case "LoadState": loadState = try value.readText()
        case "LoadError": loadError = try Self.readLoadError(value)
        case "ActiveState": activeState = try value.readText()
        case "SubState": subState = try value.readText()
        case "FragmentPath":
            let path = try value.readText()
            fragmentPath = path.isEmpty ? nil : path
        case "DropInPaths": dropInPaths = try value.readTexts()
        case "NeedDaemonReload": needDaemonReload = try value.readBoolean()
        case "UnitFileState": unitFileState = try value.readText()
        case "NextElapseUSecRealtime": nextElapse = try value.readInteger("t")
        default: try readService(name, from: value)
        }
    }

    private mutating func readService(_ name: String, from value: borrowing BusMessage) throws(BusError) {
        switch name {
        case "MainPID":
            let pid: UInt32 = try value.readInteger("u")
            mainPID = pid == 0 ? nil : Int32(exactly: pid)
        case "ExecStart": try readCommands(value)
        case "Result": result = try value.readText()
        case "ExecMainStatus": execMainStatus = try value.readInteger("i")
        case "ExecMainExitTimestamp": execMainExitTimestamp = try value.readInteger("t")
        case "ExecMainStartTimestamp": execMainStartTimestamp = try value.readInteger("t")
        case "InvocationID": invocationID = Hex.text(try value.readBytes())
        default: throw value.malformed("property \(name)")
        }
    }

    /// (error name, message), both empty where the unit could be loaded.
    private static func readLoadError(_ value: borrowing BusMessage) throws(BusError) -> String? {
        var text: String?
        try value.entering("r", "ss") { (error) throws(BusError) in
            let name = try error.readText()
            let message = try error.readText()
            text = name.isEmpty ? nil : message.isEmpty ? name : message
        }
        return text
    }

    /// Entries of (path, argv, ignore failure, 4 timestamps, PID, exit code, exit status).
    private mutating func readCommands(_ value: borrowing BusMessage) throws(BusError) {
        var paths: [String] = []
        var vectors: [[String]] = []
        try value.readEach("r", "sasbttttuii") { (command) throws(BusError) in
            paths.append(try command.readText())
            vectors.append(try command.readTexts())
            try command.skip("bttttuii")
        }
        (execPaths, execStart) = (paths, vectors)
    }
}
