// SPDX-License-Identifier: Apache-2.0

/// How a run ends for whoever called it; the numbers are part of the command line's contract.
package enum ExitStatus: Int32, Sendable {
    case done = 0
    /// Failed; every touched node is as it was.
    case failed = 1
    /// Changes are pending; only with `plan --detailed-exitcode`.
    case pending = 2
    /// Some nodes are new, some old.
    case mixed = 3
    /// A proof failed.
    case proofFailed = 4
    case usage = 64
    case badSpec = 65
    /// What was to be done is done; its result could not be written to standard output.
    case unwritten = 74
    case locked = 75
}

/// Why a stage stopped.
package struct BootstrapError: Error, Sendable, CustomStringConvertible {
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

    package var description: String { message }
}
