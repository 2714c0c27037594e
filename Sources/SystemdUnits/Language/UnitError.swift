// SPDX-License-Identifier: Apache-2.0

import Values

/// What can be wrong with a unit file.
package enum UnitErrorCode: String, ErrorCode {
    /// The text is not one that systemd reads without loss (NUL, not UTF-8, a line over 1 MiB).
    case unreadableText = "unit/unreadable-text"
    /// A section header or a command line that systemd refuses or ignores.
    case badSyntax = "unit/bad-syntax"
    /// No `ExecStart=` is in effect.
    case noCommand = "unit/no-command"
    /// More than one `ExecStart=` is in effect, or one holds several commands.
    case severalCommands = "unit/several-commands"
    /// The command runs a shell or ends its options with `--`.
    case wrapper = "unit/wrapper"
    /// An aggregation flag comes out of a variable, so that the command line cannot be edited.
    case flagsInVariable = "unit/flags-in-variable"
    /// The unit would pass an aggregation flag twice, or never.
    case doubled = "unit/doubled"
    /// Another drop-in or an environment file wins over what would be written.
    case overridden = "unit/overridden"
    /// A value that cannot be written into a unit file.
    case unsafeValue = "unit/unsafe-value"
    /// What was rendered does not read back as what was wanted: a bug in this program.
    case inconsistent = "unit/inconsistent"
}

/// Why a unit file cannot be read, merged or rendered.
package typealias UnitError = CodedError<UnitErrorCode>

extension UnitError {
    /// - Parameter line: of `subject`, which is a file or a unit; nil where no single line is meant.
    package init(
        _ code: Code, _ operation: Message, _ subject: String, line: Int? = nil, cause: Message,
        hint: Message? = nil
    ) {
        self.init(
            code, operation: operation, subject: subject, underlying: cause, origin: line.map { .line($0) },
            hint: hint)
    }
}
