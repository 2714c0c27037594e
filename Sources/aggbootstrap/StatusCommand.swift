// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ControlPlane
import LocalFiles
import Operations
import Values

struct StatusCommand: AsyncParsableCommand {
    /// Who reads it.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
        case prometheus
    }

    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what every control plane has, what ends when, and what differs from the spec.",
        discussion: """
            It changes nothing, and needs neither a passphrase nor a private key.

            Exit status: 0, or 4 if a control plane cannot be read. With --warn-before it is also 4 if a certificate \
            ends within that time, or if a control plane differs from the spec or has not loaded its CA.

            Examples:
              aggbootstrap status
              aggbootstrap status --warn-before 30d
              aggbootstrap status -o prometheus --output /var/lib/prometheus/node-exporter/aggbootstrap.prom
            """)

    @OptionGroup var spec: SpecOptions

    @Option(name: .customShort("o"), help: ArgumentHelp("Format of the result.", valueName: "format"))
    var format: Format = .text

    @Option(
        help: ArgumentHelp(
            "Write the result to this file, which is replaced as a whole; nothing goes to the standard output.",
            valueName: "file"), completion: .file())
    var output: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "End with status 4 if a certificate ends within this time, such as 30d, or if something differs.",
            valueName: "time"),
        transform: OptionValue.renewBefore)
    var warnBefore: RenewBefore?

    @Option(help: "Use colours; auto: on a terminal, unless NO_COLOR is set or TERM is dumb.")
    var color: ColorChoice = .auto

    @Flag(name: .shortAndLong, help: "Print only results and errors, no progress.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Also print what is read, where it comes from and how long it takes.")
    var verbose = false

    func validate() throws {
        if quiet && verbose { throw ValidationError("--quiet and --verbose are both given") }
        guard let output else { return }
        if output.isEmpty { throw ValidationError("--output is given an empty path") }
        if Format(rawValue: output) != nil {
            throw ValidationError("--output names a file here: for the format write -o \(output)")
        }
    }

    func run() async throws {
        try await Console.run(color: color, format: format == .json ? .json : .text) {
            Console.harden()
            let narrator = Narrator(isOn: verbose)
            let run = try spec.makeRun(
                .real { quiet ? () : ProgressDisplay(showsRows: false, isColored: false).show($0) })
            narrator.began(run)
            defer { narrator.ended(run) }
            let status = try await narrator.timed("read") { try await StatusReader.read(run) }
            let report = StatusReport(status, warnBefore: warnBefore)
            try show(status, report)
            return report.exitStatus
        }
    }

    private func show(_ status: ClusterStatus, _ report: StatusReport) throws {
        let text: String
        switch format {
        case .text:
            if output == nil { return Console.print(report.lines, color: color) }
            text = report.lines.joined(separator: "\n") + "\n"
        case .json: text = try JSONText.of(StatusDocument(status, report)) + "\n"
        case .prometheus: text = StatusMetrics(status).text
        }
        guard let output else { return Console.document(text) }
        let path = try output.isAbsolutePath ? output : LocalHost.absolute(output)
        try AtomicFileWriter.write(path, .text(text), mode: 0o644)
    }
}
