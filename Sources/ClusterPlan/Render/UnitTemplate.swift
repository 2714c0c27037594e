// SPDX-License-Identifier: Apache-2.0

import Mustache
import UnitTemplates

/// Fills in the templates. Values are quoted for systemd before; what comes out is read back by the caller.
enum UnitTemplate {
    /// - Parameter command: what stands behind `ExecStart=`.
    static func dropIn(base: String, digest: String, command: String) throws(UnitError) -> String {
        try render(
            UnitTemplates.dropIn, "dropin.conf.mustache",
            ["base": try comment(base), "digest": try comment(digest), "command": command])
    }

    static func environment(flags: [String]) throws(UnitError) -> String {
        let value = "\(APIServerFlags.variable)=" + (try UnitFileQuoting.variable(flags))
        // Quoted as a whole, although most values would not need it: a reader sees where it ends.
        let quoted = try UnitFileQuoting.quote(value, dollars: .plain)
        let assignment = quoted.utf8.first == UnitByte.doubleQuote ? quoted : "\"\(quoted)\""
        return try render(UnitTemplates.environment, "environment.conf.mustache", ["assignment": assignment])
    }

    static func service(executable: String, arguments: [String]) throws(UnitError) -> String {
        var quoted: [String] = []
        for argument in arguments { quoted.append(try UnitFileQuoting.quote(argument, dollars: .expanded)) }
        return try render(
            UnitTemplates.service, "kube-apiserver.service.mustache",
            ["executable": try UnitFileQuoting.quoteExecutable(executable), "arguments": quoted])
    }

    /// A value for a comment line, where nothing is special but a line's end.
    private static func comment(_ value: String) throws(UnitError) -> String {
        _ = try UnitFileQuoting.quote(value, dollars: .plain)
        return value
    }

    private static func render(
        _ template: String, _ name: String, _ values: [String: any Sendable]
    ) throws(UnitError) -> String {
        do {
            return try MustacheTemplate(string: template).render(values)
        } catch {
            throw UnitError(.inconsistent, "read the template", name, cause: "\(error)")
        }
    }
}
