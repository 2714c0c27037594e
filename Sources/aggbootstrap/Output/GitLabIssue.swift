// SPDX-License-Identifier: Apache-2.0

/// An entry of GitLab's code quality report: what failed, and what to look at.
struct GitLabIssue: Encodable {
    struct Lines: Encodable { let begin: Int }

    struct Location: Encodable {
        let path: String
        let lines: Lines
    }

    enum CodingKeys: String, CodingKey {
        case description
        case name = "check_name"
        case fingerprint
        case severity
        case location
    }

    let description: String
    let name: String
    /// The same for the same finding in the next run.
    let fingerprint: String
    let severity: String
    let location: Location

    init?(_ check: ReportedCheck) {
        switch check.level {
        case .passed, .skipped: return nil
        case .warning: severity = "minor"
        case .error: severity = "critical"
        }
        description = check.subject.isEmpty ? check.text : "\(check.subject): \(check.text)"
        name = check.name
        // It has no place for what is in no file.
        location = Location(path: check.file ?? check.subject, lines: Lines(begin: check.line ?? 1))
        // Of two with the same place only the text differs, and GitLab shows one of each fingerprint.
        fingerprint = "\(check.name) \(check.subject) \(check.file ?? "") \(check.line ?? 0) \(check.text)"
    }
}
