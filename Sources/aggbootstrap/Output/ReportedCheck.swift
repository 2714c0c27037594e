// SPDX-License-Identifier: Apache-2.0

/// Something that `verify` has looked at, as the formats of CI systems show it.
struct ReportedCheck: Equatable {
    enum Level: Equatable {
        case passed
        /// It could not be looked at.
        case skipped
        case warning
        case error
    }

    /// Stable: a code or a proof's name.
    let name: String
    let level: Level
    /// The node, or what else it is about.
    let subject: String
    /// nil if no file is meant.
    let file: String?
    /// Counts from 1.
    let line: Int?
    let text: String
    /// What to do about it.
    var remedy: String?
}

/// How `verify` shows its result.
enum CheckFormat: String, CaseIterable {
    case junit
    case sarif
    case github
    case gitlab

    /// The whole document, which ends with a line feed.
    func document(_ checks: [ReportedCheck]) throws -> String {
        switch self {
        case .junit: JUnitText.document(checks)
        case .sarif: try JSONText.of(SARIFDocument(checks)) + "\n"
        case .github: GitHubText.annotations(checks)
        case .gitlab: try JSONText.of(checks.compactMap(GitLabIssue.init)) + "\n"
        }
    }
}
