// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LocalFiles
import Operations
import Values

/// How `verify` shows what it found.
struct VerifyOutput: ParsableArguments {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
        case junit
        case sarif
        case github
        case gitlab

        /// Of a CI system; nil for text and JSON.
        var checks: CheckFormat? { CheckFormat(rawValue: rawValue) }
    }

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Format of the standard output.",
            discussion: "github also adds to the job's summary; gitlab is a code quality report."))
    var output: Format = .text

    @OptionGroup var verbosity: VerbosityOptions

    var color: ColorChoice { verbosity.color }
    var narrator: Narrator { verbosity.narrator }

    /// What failures are shown as on standard output.
    /// - Parameter file: what is checked.
    func failureForm(_ file: @escaping () -> String?) -> FailureForm {
        if let checks = output.checks { return .checks(checks, file: file) }
        return output == .json ? .json : .text
    }

    /// Prints checks in the format of a CI system.
    func show(_ checks: [ReportedCheck], as format: CheckFormat) throws {
        Console.document(try format.document(checks))
        if format == .github { Self.summarize(checks) }
    }

    /// Adds them to the summary of a job of GitHub Actions, if there is one.
    static func summarize(_ checks: [ReportedCheck]) {
        guard let file = LocalHost.environment("GITHUB_STEP_SUMMARY"), !file.isEmpty else {
            return
        }
        do { try PlainAppend.append(GitHubText.summary(checks), to: file) } catch {
            Console.progress("warning: the job's summary is not written: \(error)")
        }
    }
}
