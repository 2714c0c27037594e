// SPDX-License-Identifier: Apache-2.0

import Spec
import SystemdUnits
import Values

/// Files of kube-apiserver that are not ours to write.
extension NodePlanner {
    /// A file that the command line names in another role would be overwritten: the client CA, the serving key, the key of
    /// service accounts.
    mutating func checkRoles() {
        let ours: [(path: String, role: String)] = [
            (node.ca.path, "requestheader-client-ca-file"), (node.certificate.path, "proxy-client-cert-file"),
            (node.key.path, "proxy-client-key-file"), (node.flags.path, ""),
        ]
        var seen: Set<ByteText> = []
        for flag in commandLines.flatMap({ EffectiveFlags.parse(arguments: $0).occurrences }) {
            let named = Self.paths(in: flag.value ?? "")
            for (path, role) in ours
            where !path.isEmpty && flag.name != role && named.contains(Self.plain(path)) {
                guard seen.insert("\(path) \(flag.name)".bytes).inserted else { continue }
                refuse(
                    "plan/file-in-use",
                    "\(path) would be overwritten, and kube-apiserver uses it as its --\(flag.name)",
                    "choose another name in certificates.files, or another directory in certificates.directory"
                )
            }
        }
    }

    /// What the process runs with, what the files of the unit say, and what the spec adds to a whole unit.
    private var commandLines: [[String]] {
        var lines = [(spec.apiServer.flags ?? []) + nodeSpec.flags]
        if let running = node.unit?.live?.runningArguments { lines.append(Array(running.dropFirst())) }
        if let unit = node.unit,
            let service = try? EffectiveService(
                unit: unitName, sources: unit.base, environmentFiles: unit.environmentFiles),
            let command = try? service.command(unit: unitName)
        {
            let arguments = command.expand(environment: service.environment).arguments
            lines.append(arguments.dropFirst().map(\.pattern.description))
        }
        return lines
    }

    /// The absolute paths of a value such as `/a`, `/a,/b` or `/a.crt,/a.key:example.org`.
    private static func paths(in value: String) -> Set<ByteText> {
        let parts = value.utf8.split { [UInt8(ascii: ","), UInt8(ascii: ":")].contains($0) }
            .map { String(Substring($0)) }
        return Set(([value] + parts).filter(\.isAbsolutePath).map(plain))
    }

    /// Without doubled slashes, `.` and `..`.
    private static func plain(_ path: String) -> ByteText {
        var names: [String] = []
        for name in path.pathComponents where name != "." {
            if name == ".." { _ = names.popLast() } else { names.append(name) }
        }
        return ("/" + names.joined(separator: "/")).bytes
    }
}
