// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

@main
struct AggBootstrap: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aggbootstrap",
        abstract:
            "Turns on Kubernetes' aggregation layer on control planes run by systemd, and proves that it works.",
        discussion: """
            A cluster is declared in a JSON file. `aggbootstrap init` issues the requestheader CA and the proxy \
            client certificate, writes kube-apiserver's flags into its systemd unit, restarts it where that is needed, and \
            proves the result. Run again when nothing has to change, it changes nothing.

            Exit status: 0 done or nothing due, 1 failed and every node is as it was, 2 changes pending \
            (plan --detailed-exitcode), 3 some nodes new and some old, 4 a proof failed, 64 usage, 65 bad spec, \
            75 locked by another run.
            """,
        version: VersionCommand.number,
        subcommands: [
            InitCommand.self, PlanCommand.self, VerifyCommand.self, RollbackCommand.self, RotateCommand.self,
            ScheduleCommand.self, SpecCommand.self,
            CompletionCommand.self, VersionCommand.self,
        ])

    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            if let problem = CommandNames.problem(arguments) { throw problem }
            var command = try parseAsRoot(VersionCommand.arguments(arguments))
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            if let report = UsageError.report(error) {
                if UsageError.wantsJSON(arguments), let text = try? JSONText.of(FailureDocument(report)) {
                    Console.document(text + "\n")
                }
                Console.report(report)
            } else {
                exit(withError: error)
            }
            exit(withError: ExitCode.validationFailure)
        }
    }
}
