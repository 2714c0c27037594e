// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Bootstrap
import CBuildInfo

struct VersionCommand: AsyncParsableCommand {
    static let number = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show the version, the commit, and the libraries that are used.",
        discussion:
            "`aggbootstrap --version` shows the number alone; `aggbootstrap --version -o json` is this in JSON."
    )

    @Option(name: .shortAndLong, help: "Format of the standard output.")
    var output: OutputFormat = .text

    func run() async throws {
        let document = Document()
        switch output {
        case .text: Console.print(document.lines)
        case .json: Console.print([try JSONText.of(document)])
        }
    }

    struct Library: Encodable {
        let built: String?
        let running: String?
    }

    struct Document: Encodable {
        var schemaVersion = 1
        let version = VersionCommand.number
        let commit = aggbootstrap_commit().map { String(cString: $0) }
        let openssl = Library(built: LibraryVersions.builtOpenSSL, running: LibraryVersions.runningOpenSSL)
        let systemd = Library(
            built: aggbootstrap_built_libsystemd().map { String(cString: $0) },
            running: LibraryVersions.runningSystemd)

        var lines: [String] {
            func text(_ name: String, _ library: Library) -> String {
                "  \(name)  \(library.running ?? "does not answer here"), built with \(library.built ?? "an unknown version")"
            }
            return [
                "aggbootstrap \(version)", "  commit   \(commit ?? "not known")", text("openssl", openssl),
                text("systemd", systemd),
            ]
        }
    }

    /// `--version` with a format is this command; the parser's own flag knows no format.
    static func arguments(_ arguments: some Sequence<String>) -> [String] {
        let given = Array(arguments)
        guard given.contains("--version"), given.first?.hasPrefix("-") == true else { return given }
        let rest = given.filter { $0 != "--version" }
        let isJSON = [["-o", "json"], ["--output", "json"], ["--output=json"], ["-ojson"], ["-o=json"]]
            .contains(rest)
        return isJSON ? ["version", "--output", "json"] : given
    }
}
