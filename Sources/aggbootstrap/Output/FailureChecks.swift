// SPDX-License-Identifier: Apache-2.0

import Operations
import Spec
import Values

/// How a command failed, in the format of a CI system: a check that failed, so that an empty file never looks like a
/// success.
enum FailureChecks {
    /// Prints them; where GitHub shows errors anyway, only its summary is written.
    /// - Parameter file: what was to be checked, for errors that have no place of their own.
    static func show(_ error: any Error, as format: CheckFormat, file: String?) throws {
        let cause = (error as? DocumentedError)?.cause ?? error
        try show(checks(cause, file: file), ErrorReport(cause).status, as: format)
    }

    /// The same of what the parser of the command line has against it.
    static func show(_ report: ErrorReport, as format: CheckFormat) throws {
        try show([check(report, file: nil)], report.status, as: format)
    }

    private static func show(_ checks: [ReportedCheck], _ status: ExitStatus, as format: CheckFormat) throws {
        if format != .github || !Terminal.isGitHubActions {
            Console.document(try format.document(checks, failure: status))
        }
        if format == .github { VerifyOutput.summarize(checks) }
    }

    private static func checks(_ error: any Error, file: String?) -> [ReportedCheck] {
        guard let spec = error as? SpecProblems else { return [check(ErrorReport(error), file: file)] }
        return spec.problems.map { problem in
            ReportedCheck(
                name: problem.code.rawValue, level: .error, subject: subject, file: spec.fileName,
                line: problem.location.line, text: "\(problem.message)", remedy: problem.hint.map { "\($0)" },
                rule: rule(problem.code.rawValue))
        }
    }

    private static func check(_ report: ErrorReport, file: String?) -> ReportedCheck {
        ReportedCheck(
            name: report.code, level: .error, subject: subject, file: file ?? usualSpec, line: nil,
            text: (["\(report.message)"] + report.lines.map(\.description)).joined(separator: "\n"),
            remedy: report.hint.map { "\($0)" },
            rule: rule(report.code))
    }

    private static let subject = "aggbootstrap"
    /// GitHub takes no result without a place.
    private static let usualSpec = "aggbootstrap.json"

    private static func rule(_ code: String) -> ReportedCheck.Rule {
        .init(
            text: "aggbootstrap verify ended with the error \(code)",
            help: "docs/reference/commands.md says what each code means")
    }
}
