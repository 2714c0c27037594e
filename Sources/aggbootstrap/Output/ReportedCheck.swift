// SPDX-License-Identifier: Apache-2.0

import Values

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
    var file: String?
    /// Counts from 1.
    let line: Int?
    let text: String
    /// What to do about it.
    var remedy: String?
    /// What a check of this name is about, the same in every run.
    let rule: Rule

    /// A kind of check, without anything of one run.
    struct Rule: Equatable {
        let text: String
        /// What to do where it fails.
        let help: String
    }
}

/// How `verify` shows its result.
enum CheckFormat: String, CaseIterable {
    case junit
    case sarif
    case github
    case gitlab

    /// The whole document, which ends with a line feed.
    /// - Parameter failure: the exit status of a run that could not check; nil for one that did.
    func document(_ checks: [ReportedCheck], failure: ExitStatus? = nil) throws -> String {
        let checks = checks.map(Self.plain)
        return switch self {
        case .junit: JUnitText.document(checks)
        case .sarif: try JSONText.of(SARIFDocument(checks, failure: failure)) + "\n"
        case .github: GitHubText.annotations(checks)
        case .gitlab: try JSONText.of(checks.compactMap(GitLabIssue.init)) + "\n"
        }
    }

    /// CI systems take paths of the repository, without `./` before them.
    private static func plain(_ check: ReportedCheck) -> ReportedCheck {
        var check = check
        while let file = check.file, file.hasPrefix("./"), file.count > 2 {
            check.file = String(file.dropFirst(2))
        }
        return check
    }
}
