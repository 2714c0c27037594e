// SPDX-License-Identifier: Apache-2.0

import Values

/// Writes values so that systemd reads exactly them.
package enum UnitFileQuoting {
    /// Whether the command line that an argument is written into expands variables.
    package enum Dollars: Sendable {
        /// `$` is written `$$`.
        case expanded
        /// The command has the prefix `:`, or it is no command line: `$` is only a dollar sign.
        case plain
    }

    /// An argument of `ExecStart=` or a `NAME=value` of `Environment=`, quoted where it must be.
    ///
    /// - Throws: `UnitError` with `unsafeValue` for a control character or one that systemd takes for none.
    package static func quote(_ argument: String, dollars: Dollars) throws(UnitError) -> String {
        try check(argument)
        var result: [UInt8] = []
        var needsQuotes = argument.isEmpty || argument.utf8.first.map(UnitByte.startsComment) ?? false
        for byte in argument.utf8 {
            switch byte {
            case UInt8(ascii: "%"): result += [byte, byte]
            case UInt8(ascii: "$") where dollars == .expanded: result += [byte, byte]
            case UnitByte.doubleQuote, UnitByte.backslash:
                result += [UnitByte.backslash, byte]
                needsQuotes = true
            case UnitByte.space, UnitByte.singleQuote, UnitByte.semicolon:
                result.append(byte)
                needsQuotes = true
            default: result.append(byte)
            }
        }
        let text = String(decoding: result, as: UTF8.self)
        return needsQuotes ? "\"\(text)\"" : text
    }

    /// An executable for `ExecStart=`.
    ///
    /// - Throws: `UnitError` with `unsafeValue` for a path that systemd refuses, or that it would look up other
    ///   than as written: it expands `$$` in the arguments only.
    package static func quoteExecutable(_ path: String) throws(UnitError) -> String {
        let bad = path.utf8.first { "\"'\\$".utf8.contains($0) }
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.last != UInt8(ascii: "/"), bad == nil else {
            throw UnitError(
                .unsafeValue, "write", path,
                cause: "an executable must be an absolute path without quotes, backslashes and dollar signs")
        }
        return try quote(path, dollars: .plain)
    }

    /// The value of a variable that a unit uses as `$NAME`: systemd splits it at white space.
    ///
    /// - Throws: `UnitError` with `unsafeValue` for an argument that would not come out as it went in.
    package static func variable(_ arguments: [String]) throws(UnitError) -> String {
        for argument in arguments {
            let isPlain = !argument.utf8.contains { UnitByte.isBlank($0) || "\"'\\".utf8.contains($0) }
            guard isPlain, !argument.isEmpty else {
                throw UnitError(
                    .unsafeValue, "write", argument,
                    cause: "an argument in a variable must not hold white space, a quote or a backslash",
                    hint: "change the value, or set apiServer.flagsIn to dropIn")
            }
        }
        return arguments.joined(separator: " ")
    }

    private static func check(_ value: String) throws(UnitError) {
        let bad = value.unicodeScalars.first { scalar in
            let code = scalar.value
            return code < 0x20 || (0x7F...0x9F).contains(code) || code & 0xFFFE == 0xFFFE
                || (0xFDD0...0xFDEF).contains(code) || (0x2028...0x2029).contains(code)
        }
        if let bad {
            throw UnitError(
                .unsafeValue, "write", String(value.unicodeScalars.filter { $0 != bad }),
                cause: "it holds the control character U+" + String(bad.value, radix: 16, uppercase: true))
        }
    }
}
