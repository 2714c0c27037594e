// SPDX-License-Identifier: Apache-2.0

/// An error of any floor, with what a report shows besides its text.
package protocol ReportedError: Error {
    /// Stable, for example `node/locked`.
    var reportedCode: String { get }
    /// What, on which thing, why; lower case, no full stop.
    var message: Message { get }
    var status: ExitStatus { get }
    /// What to do next; nil where nothing better than the message is known.
    var hint: Message? { get }
    /// What the report says to do next: the hint, or what holds for every error of its kind.
    var reportedHint: Message? { get }
    /// Lines that show the cause.
    var details: [Message] { get }
    /// What became of each node; empty where the error is not that of a rollout.
    var nodes: [NodeResult] { get }
}

extension ReportedError {
    package var status: ExitStatus { .failed }
    package var reportedHint: Message? { hint }
    package var details: [Message] { [] }
    package var nodes: [NodeResult] { [] }
}
