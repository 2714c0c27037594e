// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LocalFiles
import Operations
import Planning
import Secrets
import Spec
import StateStore
import Values

struct StateImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a state directory of a file that state export wrote.",
        discussion: """
            The state directory must not exist yet, or be empty. Everything is checked before it is put in place, as a \
            whole: names and kinds of files, the cluster's name, the ledger, and that each private key belongs to its \
            certificate. If it was interrupted, run it again.

            Timers do not move with it: run schedule install here, and schedule remove on the machine that had the state.

            Examples:
              aggbootstrap state import --passphrase-file /root/passphrase cluster.age
            """)

    @OptionGroup var options: StateOptions
    @OptionGroup var passphrase: ExportPassphraseOptions
    @OptionGroup var verbosity: VerbosityOptions

    @Argument(help: "The exported file; - is the standard input.", completion: .file())
    var file: String

    func run() async throws {
        try await Console.run(color: verbosity.color) {
            Console.harden()
            let passphrase = try passphrase.read()
            let run = try options.makeRun(verbosity.effects, passphrase: passphrase, needs: .nothing)
            verbosity.narrator.began(run)
            defer { verbosity.narrator.ended(run) }
            let name: Message = file == "-" ? "the standard input" : "\(file)"
            let transfer = StateImport(run.state, passphrase: passphrase, name: name)
            try transfer.checkTarget()
            let imported = try transfer.perform(try content(), now: LocalHost.now())
            Console.print(words(imported.inventory, run), color: verbosity.color)
            return .done
        }
    }

    private func content() throws -> [UInt8] {
        if file == "-" {
            return try FileReader.readSecret(descriptor: 0, limit: StateImport.limit)
                .withUnsafeBytes { Array($0) }
        }
        guard let bytes = try FileReader.read(file, limit: StateImport.limit) else {
            throw BootstrapError(
                "archive/missing", "cannot import \(file): no such file",
                hint: "give the file that `aggbootstrap state export` wrote, or - for the standard input")
        }
        return bytes
    }

    private func words(_ inventory: StateInventory, _ run: Run) -> [Message] {
        var lines: [Message] = [
            "done: \(run.state.path) holds the state of cluster \(run.spec.cluster), \(StateReport.size(inventory))",
            "next: aggbootstrap plan",
            "use this copy or the other one, not both: once one has changed the control planes, the other is refused",
        ]
        if options.root == nil {
            lines.append(
                "if a timer renewed it: aggbootstrap schedule install here, and schedule remove on the other machine"
            )
        }
        return lines
    }
}
