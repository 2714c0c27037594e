// SPDX-License-Identifier: Apache-2.0

/// The codes of one area's errors, such as `node/locked`.
package protocol ErrorCode: Hashable, Sendable {
    /// Stable, `area/word`.
    var reportedCode: String { get }
    /// How a run ends that such an error stops.
    var reportedStatus: ExitStatus { get }
    /// What to do about every error of this code; nil where only the error itself can tell.
    func usualHint(on subject: Message) -> Message?
}

extension ErrorCode {
    package var reportedStatus: ExitStatus { .failed }
    package func usualHint(on subject: Message) -> Message? { nil }
}

extension ErrorCode where Self: RawRepresentable<String> {
    package var reportedCode: String { rawValue }
}

// What a run reports has a code of the place that it is reported from.
extension String: ErrorCode {
    package var reportedCode: String { self }
}
