// SPDX-License-Identifier: Apache-2.0

import Values

/// Why a unit file cannot be read, merged or rendered.
package struct UnitError: ReportedError, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The text is not one that systemd reads without loss (NUL, not UTF-8, a line over 1 MiB).
        case unreadableText = "unreadable-text"
        /// A section header or a command line that systemd refuses or ignores.
        case badSyntax = "bad-syntax"
        /// No `ExecStart=` is in effect.
        case noCommand = "no-command"
        /// More than one `ExecStart=` is in effect, or one holds several commands.
        case severalCommands = "several-commands"
        /// The command runs a shell or ends its options with `--`.
        case wrapper
        /// An aggregation flag comes out of a variable, so that the command line cannot be edited.
        case flagsInVariable = "flags-in-variable"
        /// The unit would pass an aggregation flag twice, or never.
        case doubled
        /// Another drop-in or an environment file wins over what would be written.
        case overridden
        /// A value that cannot be written into a unit file.
        case unsafeValue = "unsafe-value"
        /// What was rendered does not read back as what was wanted: a bug in this program.
        case inconsistent
    }

    package var code: Code
    /// What was being done, such as `read`.
    package var operation: String
    /// The file or unit that it was done to.
    package var subject: String
    /// Counts from 1; nil where no single line is meant.
    package var line: Int?
    package var cause: String
    /// What the operator can do next.
    package var hint: String?

    package init(
        _ code: Code, _ operation: String, _ subject: String, line: Int? = nil, cause: String,
        hint: String? = nil
    ) {
        self.code = code
        self.operation = operation
        self.subject = subject
        self.line = line
        self.cause = cause
        self.hint = hint
    }

    package var reportedCode: String { "unit/\(code.rawValue)" }
    package var description: String {
        let place = line.map { ":\($0)" } ?? ""
        return "cannot \(operation) \(subject)\(place): \(cause)"
    }
}
