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
            It changes nothing, and needs neither a passphrase nor a private key. Whether an API server presents the proxy \
            client certificate of its file is not looked at: verify --canary does.

            With several --spec, or a directory of specs, it shows all these clusters. A spec or a cluster that cannot \
            be read is an error of its own, and the others are shown. --root DIR is then DIR/<cluster>/<node>/, and \
            --state DIR is DIR/<cluster>.

            Exit status: 0, or 4 if a control plane cannot be read. With --warn-before it is also 4 if a certificate \
            ends within that time, or if a control plane differs from the spec or has not loaded its CA. If one of \
            several clusters cannot be read at all, it is that error's, such as 65 for a bad spec.

            Examples:
              aggbootstrap status
              aggbootstrap status --warn-before 30d
              aggbootstrap status --spec /etc/aggbootstrap/clusters --html /var/www/html/status.html
              aggbootstrap status -o prometheus --output /var/lib/prometheus/node-exporter/aggbootstrap.prom
            """)

    @Option(
        name: .customLong("spec"),
        help: ArgumentHelp(
            "A cluster's JSON spec, or a directory of specs; repeatable.",
            discussion: "Default: $AGGBOOTSTRAP_SPEC, ./aggbootstrap.json, /etc/aggbootstrap/cluster.json.",
            valueName: "file"), completion: .file())
    var spec: [String] = []

    @OptionGroup var place: PlaceOptions

    @Option(name: .customShort("o"), help: ArgumentHelp("Format of the result.", valueName: "format"))
    var format: Format = .text

    @Option(
        help: ArgumentHelp(
            "Write the result to this file, which is replaced as a whole; nothing goes to the standard output.",
            valueName: "file"), completion: .file())
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Also write one HTML page to this file, which is replaced as a whole; the page needs nothing else.",
            valueName: "file"), completion: .file(extensions: ["html"]))
    var html: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "End with status 4 if a certificate ends within this time, such as 30d, or if something differs.",
            valueName: "time"),
        transform: OptionValue.renewBefore)
    var warnBefore: RenewBefore?

    @Option(
        defaultAsFlag: WatchInterval(seconds: 10),
        help: ArgumentHelp(
            "Look again every so many seconds, 10 if none are given, until ^C ends it; with the status of the last look.",
            valueName: "seconds"))
    var watch: WatchInterval?

    @Flag(help: "Write the JSON Schema of -o json to the standard output, and read nothing.")
    var schema = false

    @Option(help: "Use colours; auto: on a terminal, unless NO_COLOR is set or TERM is dumb.")
    var color: ColorChoice = .auto

    @Flag(name: .shortAndLong, help: "Print only results and errors, no progress.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Also print what is read, where it comes from and how long it takes.")
    var verbose = false

    func validate() throws {
        if quiet && verbose { throw UsageError.validation("--quiet and --verbose are both given") }
        if let watch, watch.seconds == 0 {
            throw UsageError.validation("--watch is not given whole seconds, 1 to 86400")
        }
        if watch != nil, format != .text || output != nil {
            throw UsageError.validation("--watch shows text: leave out -o and --output")
        }
        if html == "" { throw UsageError.validation("--html is given an empty path") }
        guard let output else { return }
        if output.isEmpty { throw UsageError.validation("--output is given an empty path") }
        if let html, Self.plain(output) == Self.plain(html) {
            throw UsageError.validation("--output and --html name the same file")
        }
        if Format(rawValue: output) != nil {
            throw UsageError.validation("--output names a file here: for the format write -o \(output)")
        }
    }

    func run() async throws {
        try await Console.run(color: color, format: format == .json ? .json : .text) {
            if schema {
                Console.document(StatusSchema.json)
                return .done
            }
            Console.harden()
            for file in [output, html].compactMap({ $0 }) { try checkReplaceable(file) }
            guard let watch else {
                let report = try await look()
                try show(report)
                return report.exitStatus
            }
            return try await StatusWatch(interval: watch, color: color) {
                let report = try await look()
                try writePage(report)
                return report
            }.run()
        }
    }

    // MARK: - Reading

    private func look() async throws -> FleetReport {
        let fleet = try await read()
        let size = output == nil ? Terminal.outputSize : nil
        let style = StatusTable.Style(columns: size?.columns, hasBars: Terminal.isUTF8, isFile: output != nil)
        return FleetReport(fleet, warnBefore: warnBefore, style: style)
    }

    private func read() async throws -> FleetStatus {
        let narrator = Narrator(isOn: verbose)
        let effects = Effects.real {
            quiet || watch != nil ? () : ProgressDisplay(showsRows: false, isColored: false).show($0)
        }
        var request = place.request(spec.first)
        request.needs = .trees
        let paths = try spec.isEmpty ? SpecLoader.find(nil).map { [$0] } ?? [] : spec
        guard try SpecFiles.areFleet(paths) else {
            let run = try Run(NextCommand.about(request), effects: effects)
            narrator.began(run)
            defer { narrator.ended(run) }
            return FleetStatus(try await narrator.timed("read") { try await StatusReader.read(run) })
        }
        guard place.limit.isEmpty else {
            throw BootstrapError(
                "usage/limit-of-many", status: .usage,
                "--limit names a node of one cluster, and --spec names many",
                hint: "name one spec with --spec FILE")
        }
        try RunRoot.check(request.root, .directory)
        let reader = FleetReader(
            request, effects: effects, began: narrator.began, ended: narrator.ended)
        let files = try SpecFiles.find(paths)
        return await narrator.timed("read") { await reader.read(files) }
    }

    // MARK: - Showing

    private func show(_ report: FleetReport) throws {
        let text: String
        switch format {
        case .text:
            if output == nil { Console.print(report.lines, color: color) }
            text = report.lines.map { "\($0)\n" }.joined()
        case .json: text = try report.json() + "\n"
        case .prometheus: text = StatusMetrics(report.fleet).text
        }
        if let output {
            try write(text, to: output)
        } else if format != .text {
            Console.document(text)
        }
        for failure in report.fleet.failures { Console.failure(failure.error, color: color) }
        try writePage(report)
    }

    private func writePage(_ report: FleetReport) throws {
        if let html { try write(StatusPage(report).text, to: html) }
    }

    private func write(_ text: String, to file: String) throws {
        try AtomicFileWriter.writeUnlocked(Self.absolute(file), .text(text), mode: 0o644)
    }

    /// Fails before anything is read: a link such as /dev/stdout would be gone, and a device too.
    private func checkReplaceable(_ file: String) throws {
        let status = try FileStatus.of(Self.absolute(file))
        let cause: Message
        switch status?.kind {
        case nil, .regular: return
        case .symbolicLink: cause = "it is a symbolic link, which would be replaced"
        case .directory: cause = "it is a directory"
        case .other: cause = "it is not a regular file"
        }
        throw NodeError(
            .notRegular, operation: "write", subject: file, underlying: "\(cause)",
            hint: "name a plain file; without --output the result goes to the standard output")
    }

    private static func absolute(_ file: String) throws -> String {
        try file.isAbsolutePath ? file : LocalHost.absolute(file)
    }

    /// Without what makes no other path of it.
    private static func plain(_ file: String) -> [String] {
        ((try? absolute(file)) ?? file).pathComponents.filter { $0 != "." }
    }
}
