// SPDX-License-Identifier: Apache-2.0

/// An error of any floor, with what a report shows besides its text.
package protocol ReportedError: Error {
    /// Stable, for example `node/locked`.
    var reportedCode: String { get }
    var status: ExitStatus { get }
    /// What to do next; nil where nothing better than the message is known.
    var hint: String? { get }
    /// What the report says to do next: the hint, or what holds for every error of its kind.
    var reportedHint: String? { get }
    /// Lines that show the cause.
    var details: [String] { get }
    /// What became of each node; empty where the error is not that of a rollout.
    var nodes: [NodeResult] { get }
}

extension ReportedError {
    package var status: ExitStatus { .failed }
    package var reportedHint: String? { hint }
    package var details: [String] { [] }
    package var nodes: [NodeResult] { [] }
}
