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
        let message = AggBootstrap.message(for: error)
        // Its own text ends with: See 'aggbootstrap plan --help' for more information.
        let parts = AggBootstrap.fullMessage(for: error).split(
            separator: "'", omittingEmptySubsequences: false)
        let help = parts.last { $0.hasPrefix("aggbootstrap ") } ?? "aggbootstrap --help"
        return ErrorReport(
            BootstrapError("usage/arguments", status: .usage, lowerCased(message), hint: "see \(help)"))
    }

    /// Whether a command line that cannot be parsed asks for JSON.
    static func wantsJSON(_ arguments: [String]) -> Bool {
        let joined = ["-ojson", "-o=json", "--output=json"]
        return arguments.contains { joined.contains($0) }
            || zip(arguments, arguments.dropFirst()).contains {
                ["-o", "--output"].contains($0) && $1 == "json"
            }
    }

    /// A sentence as an error is written: in lower case, with no full stop.
    private static func lowerCased(_ sentence: String) -> String {
        let text = sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
