// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import StateStore
import Values

/// What the parser of the command line has against it, in the form of every other error.
enum UsageError {
    /// - Returns: nil for a request for help or a version, and for an error that was reported already.
    static func report(_ error: any Error) -> ErrorReport? {
        if let error = error as? BootstrapError { return ErrorReport(error) }
        guard !(error is ExitCode), AggBootstrap.exitCode(for: error) == .validationFailure else {
            return nil
        }
        let message = ParserSentence.message(AggBootstrap.message(for: error))
        // Its own text ends with: See 'aggbootstrap plan --help' for more information.
        let parts = AggBootstrap.fullMessage(for: error).split(
            separator: "'", omittingEmptySubsequences: false)
        let help = parts.last { $0.hasPrefix("aggbootstrap ") } ?? "aggbootstrap --help"
        return ErrorReport(
            BootstrapError(
                "usage/arguments", status: .usage, message, hint: "see \(help)"))
    }

    /// What is wrong with options that the parser can read.
    static func validation(_ message: Message) -> ValidationError {
        ValidationError(ParserSentence.handOver(message))
    }

    /// Shows on standard output that the command line cannot be used, in the format that it asks for.
    static func show(_ report: ErrorReport, for arguments: [String]) {
        let wanted = formats(arguments)
        if wanted.contains("json"), let text = try? JSONText.of(FailureDocument(report)) {
            Console.document(text + "\n")
        }
        guard arguments.first(where: { !$0.hasPrefix("-") }) == "verify",
            let format = wanted.compactMap(CheckFormat.init).last
        else { return }
        try? FailureChecks.show(report, as: format)
    }

    /// What a command line that cannot be parsed gives as formats.
    private static func formats(_ arguments: [String]) -> [String] {
        let joined = arguments.compactMap { argument in
            ["--output=", "-o=", "-o"].first(where: argument.hasPrefix).map {
                String(argument.dropFirst($0.count))
            }
        }
        return joined
            + zip(arguments, arguments.dropFirst()).filter { ["-o", "--output"].contains($0.0) }.map(\.1)
    }
}
