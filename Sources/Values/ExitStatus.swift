// SPDX-License-Identifier: Apache-2.0

/// How a run ends for its caller; the numbers are part of the command line's contract.
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
