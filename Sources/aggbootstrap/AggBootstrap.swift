// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Values

@main
struct AggBootstrap: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aggbootstrap",
        abstract:
            "Turn on Kubernetes' aggregation layer on control planes, prove that it works, and rotate its certificates.",
        discussion: """
            A JSON file declares a cluster. `aggbootstrap init` issues the requestheader CA and the proxy \
            client certificate, writes kube-apiserver's flags into its systemd unit, restarts it if necessary, and \
            proves the result. If the cluster is as in the spec already, it changes nothing.

            Exit status: 0 done or nothing due, 1 failed and every node is as it was, 2 changes pending \
            (plan --detailed-exitcode), 3 some nodes new and some old, 4 a proof failed, 64 usage, 65 bad spec, \
            74 done, but the result could not be written, 75 locked by another run.
            """,
        version: VersionCommand.number,
        subcommands: [
            InitCommand.self, PlanCommand.self, StatusCommand.self, VerifyCommand.self, RollbackCommand.self,
            RotateCommand.self, UninstallCommand.self,
            ScheduleCommand.self, StateCommand.self, SpecCommand.self,
            CompletionCommand.self, VersionCommand.self,
        ])

    static func main() async {
        Startup.openStandardStreams()
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            if let problem = Startup.problem() { throw problem }
            if let problem = CommandNames.problem(arguments) { throw problem }
            var command = try parseAsRoot(VersionCommand.arguments(arguments))
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            end(with: .done)
        } catch {
            if let report = UsageError.report(error) {
                UsageError.show(report, for: arguments)
                Console.report(report)
                end(with: report.status)
            }
            if let code = error as? ExitCode { end(with: ExitStatus(rawValue: code.rawValue) ?? .failed) }
            // Help, a version or a completion script, which was asked for.
            guard exitCode(for: error) == .success else { exit(withError: error) }
            Console.document(requested(error) + "\n")
            end(with: .done)
        }
    }

    private static func requested(_ error: any Error) -> String {
        guard let catalog = Language.catalog else { return fullMessage(for: error) }
        return HelpText(catalog).translated(fullMessage(for: error, columns: HelpText.noLimit))
    }

    /// Ends the program; a result that did not get out is never a success.
    private static func end(with status: ExitStatus) -> Never {
        let unwritten = Console.unwritten
        if let unwritten { Console.report(ErrorReport(unwritten)) }
        let isGood = status == .done || status == .pending
        exit(withError: ExitCode((isGood && unwritten != nil ? .unwritten : status).rawValue))
    }
}
