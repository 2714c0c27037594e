// SPDX-License-Identifier: Apache-2.0

/// Why a stage stopped.
package struct BootstrapError: ReportedError, Sendable, CustomStringConvertible {
    /// Stable, for example `state/other-cluster`.
    package let code: String
    package let status: ExitStatus
    /// What, on which thing, why; lower case, no full stop.
    package let message: String
    package let hint: String?
    /// Lines that show the cause, for example the unit's journal.
    package let details: [String]

    package init(
        _ code: String, status: ExitStatus = .failed, _ message: String, hint: String? = nil,
        details: [String] = []
    ) {
        self.code = code
        self.status = status
        self.message = message
        self.hint = hint
        self.details = details
    }

    package var reportedCode: String { code }
    package var description: String { message }
}
