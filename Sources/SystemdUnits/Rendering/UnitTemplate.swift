// SPDX-License-Identifier: Apache-2.0

import UnitTemplates
import Values

/// Fills in the templates. Values are quoted for systemd before; what comes out is read back by the caller.
enum UnitTemplate {
    /// - Parameter command: what stands behind `ExecStart=`.
    static func dropIn(base: String, digest: String, command: String) throws(UnitError) -> String {
        try render(
            UnitTemplates.dropIn, "dropin.conf.mustache",
            [
                "base": .text(try comment(base)), "digest": .text(try comment(digest)),
                "command": .text(command),
            ])
    }

    static func environment(flags: [String]) throws(UnitError) -> String {
        let value = "\(APIServerFlags.variable)=" + (try UnitFileQuoting.variable(flags))
        // Quoted as a whole, although most values would not need it: a reader sees where it ends.
        let quoted = try UnitFileQuoting.quote(value, dollars: .plain)
        let assignment = quoted.utf8.first == UnitByte.doubleQuote ? quoted : "\"\(quoted)\""
        return try render(
            UnitTemplates.environment, "environment.conf.mustache", ["assignment": .text(assignment)])
    }

    static func service(executable: String, arguments: [String]) throws(UnitError) -> String {
        var quoted: [String] = []
        for argument in arguments { quoted.append(try UnitFileQuoting.quote(argument, dollars: .expanded)) }
        return try render(
            UnitTemplates.service, "kube-apiserver.service.mustache",
            [
                "executable": .text(try UnitFileQuoting.quoteExecutable(executable)),
                "arguments": .list(quoted),
            ])
    }

    /// - Parameters:
    ///   - passphrase: as `plain` gives it.
    ///   - writable: paths that may be missing.
    static func scheduleService(
        cluster: String, command: [String], passphrase: String?, writable: [String], onControlPlane: Bool
    ) throws(UnitError) -> String {
        var words = [try UnitFileQuoting.quoteExecutable(command.first ?? "")]
        for argument in command.dropFirst() {
            words.append(try UnitFileQuoting.quote(argument, dollars: .expanded))
        }
        var paths: [String] = []
        for path in writable { paths.append(try UnitFileQuoting.quote("-\(path)", dollars: .plain)) }
        var passphrases: [String] = []
        if let passphrase { passphrases.append(try plain(passphrase)) }
        return try render(
            UnitTemplates.scheduleService, "schedule.service.mustache",
            [
                "cluster": .text(cluster), "command": .text(words.joined(separator: " ")),
                "passphrase": .list(passphrases), "writable": .text(paths.joined(separator: " ")),
                "onControlPlane": .condition(onControlPlane),
            ])
    }

    static func scheduleTimer(cluster: String, calendar: String) throws(UnitError) -> String {
        try render(
            UnitTemplates.scheduleTimer, "schedule.timer.mustache",
            ["cluster": .text(cluster), "calendar": .text(try plain(calendar))])
    }

    /// A value that systemd takes to its line's end, quotes and all; only `%` is special.
    private static func plain(_ value: String) throws(UnitError) -> String {
        _ = try UnitFileQuoting.quote(value, dollars: .plain)
        let ends = [value.utf8.first, value.utf8.last]
        let isBlank = ends.contains { $0.map(UnitByte.isBlank) ?? true }
        guard !isBlank, value.utf8.last != UnitByte.backslash else {
            throw UnitError(
                .unsafeValue, "write", value,
                cause: "it begins or ends with a blank, or ends with a backslash")
        }
        return value.replacing("%", with: "%%")
    }

    /// A value for a comment line, where nothing is special but a line's end.
    private static func comment(_ value: String) throws(UnitError) -> String {
        _ = try UnitFileQuoting.quote(value, dollars: .plain)
        return value
    }

    private static func render(
        _ template: String, _ name: String, _ values: [String: Template.Value]
    ) throws(UnitError) -> String {
        do {
            return try Template(parsing: template).render(values)
        } catch {
            throw UnitError(.inconsistent, "fill in the template", name, cause: "\(error)")
        }
    }
}
