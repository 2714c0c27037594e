// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ControlPlane
import LocalFiles
import Operations
import Values

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
}

struct OutputOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "Format of the standard output.")
    var output: OutputFormat = .text

    @OptionGroup var verbosity: VerbosityOptions

    var color: ColorChoice { verbosity.color }
    var quiet: Bool { verbosity.quiet }
    var verbose: Bool { verbosity.verbose }
    var narrator: Narrator { verbosity.narrator }
    var effects: Effects { verbosity.effects }

    /// An error, with the document that shows the run all the same where JSON is wanted.
    func failure(_ error: any Error, showing document: @autoclosure () -> any Encodable & Sendable)
        -> any Error
    {
        output == .json ? DocumentedError(cause: error, document: document()) : error
    }
}

/// How much is said, and in which colours.
struct VerbosityOptions: ParsableArguments {
    @Option(help: "Use colours; auto: on a terminal, unless NO_COLOR is set or TERM is dumb.")
    var color: ColorChoice = .auto

    @Flag(name: .shortAndLong, help: "Print only results and errors, no progress.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Also print what is read, where it comes from and how long it takes.")
    var verbose = false

    func validate() throws {
        if quiet && verbose { throw UsageError.validation("--quiet and --verbose are both given") }
    }

    var narrator: Narrator { Narrator(isOn: verbose) }

    /// The surroundings of a run, with progress on the standard error: a live row for each node on a terminal.
    var effects: Effects {
        if quiet { return .real { _ in } }
        // The rows would hide what --verbose has to say.
        let display = ProgressDisplay(
            showsRows: Terminal.canRedraw && !verbose, isColored: color.isOn(.error))
        return .real(progress: display.show)
    }
}
