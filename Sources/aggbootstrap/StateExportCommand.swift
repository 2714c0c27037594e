// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LocalFiles
import Operations
import Planning
import Secrets
import Spec
import StateStore
import Values

/// The passphrase of an exported state.
struct ExportPassphraseOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file with the passphrase; only its owner may be able to read it.",
            discussion:
                "If the private keys in the state directory are encrypted, it is their passphrase. Default: "
                + "$AGGBOOTSTRAP_PASSPHRASE_FILE, else systemd's credential aggbootstrap-passphrase.",
            valueName: "file"), completion: .file())
    var passphraseFile: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Read that passphrase from this file descriptor.", valueName: "n"),
        transform: OptionValue.descriptor)
    var passphraseFd: Int32?

    /// - Throws: `usage/export-passphrase` where there is none.
    func read() throws -> SecretBytes {
        if let source = try PassphraseSource.find(file: passphraseFile, descriptor: passphraseFd) {
            return try source.read()
        }
        throw BootstrapError(
            "usage/export-passphrase", status: .usage,
            "an exported state is encrypted with a passphrase, and none is given",
            hint: "give it with --passphrase-file FILE, --passphrase-fd N or $AGGBOOTSTRAP_PASSPHRASE_FILE")
    }
}

struct StateExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the whole state directory into one file, encrypted with a passphrase.",
        discussion: """
            The file is a tar archive in the age format, so `age -d FILE | tar x` opens it without aggbootstrap. All of \
            the state is checked first. If private keys in the state directory are encrypted, the passphrase must be \
            theirs, and they stay encrypted in the archive too; if not, only the file is encrypted. A rotation \
            that is not finished goes with it.

            Use one copy only: after a rotation with one, the other is refused as older than the control planes.

            Examples:
              aggbootstrap state export --passphrase-file /root/passphrase cluster.age
            """)

    @OptionGroup var options: StateOptions
    @OptionGroup var passphrase: ExportPassphraseOptions
    @OptionGroup var verbosity: VerbosityOptions

    @Argument(
        help: "The file to write; - is the standard output. An earlier export is replaced.",
        completion: .file())
    var file: String

    func run() async throws {
        try await Console.run(color: verbosity.color) {
            Console.harden()
            let passphrase = try passphrase.read()
            let target = try target()
            let run = try options.makeRun(verbosity.effects, passphrase: passphrase)
            verbosity.narrator.began(run)
            defer { verbosity.narrator.ended(run) }
            try run.state.checkExists()
            let lock = try run.state.lock()
            defer { withExtendedLifetime(lock) {} }
            let export = try StateExport(run.state, passphrase: passphrase, now: LocalHost.now())
            if let target { try export.write(to: target) } else { Console.file(export.content) }
            if !verbosity.quiet { Console.notes(words(export, run)) }
            return .done
        }
    }

    /// Absolute; nil for the standard output.
    private func target() throws -> String? {
        guard file != "-" else {
            guard !LocalHost.isTerminal(1) else {
                throw BootstrapError(
                    "usage/export-to-terminal", status: .usage,
                    "the standard output is a terminal, which cannot show an encrypted file",
                    hint: "give a file name, or redirect it: state export - >FILE")
            }
            return nil
        }
        guard !file.isEmpty else {
            throw BootstrapError(
                "usage/empty-path", status: .usage, "the file to write is given as an empty path",
                hint: "check that the shell variable in it is set")
        }
        let path = try LocalHost.absolute(file)
        try StateExport.checkTarget(path, named: file)
        return path
    }

    private func words(_ export: StateExport, _ run: Run) -> [Message] {
        let isFile = file != "-"
        let name: Message = isFile ? "\(file)" : "the export"
        let holder: Message = isFile ? "\(file)" : "the state"
        var lines: [Message] = [
            "done: \(holder) holds the state of cluster \(run.spec.cluster), "
                + "\(StateReport.size(export.inventory)), encrypted with the passphrase",
            "next: on the other machine, aggbootstrap state import \(isFile ? "\(file)" : "FILE") --spec SPEC --passphrase-file PASSPHRASE",
        ]
        if options.root == nil, StateReport.hasTimer(run, verbosity.effects) {
            lines.append(
                "note: the timer on this machine still renews with its own copy; once \(name) is imported elsewhere, run "
                    + "aggbootstrap schedule remove here")
        }
        return lines
    }
}
