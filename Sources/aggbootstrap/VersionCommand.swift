// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CBuildInfo
import Operations
import Values

struct VersionCommand: AsyncParsableCommand {
    static let number = "1.0.0"

    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show the version, the commit, and the libraries that are used.",
        discussion: """
            `aggbootstrap --version` shows the number alone; `aggbootstrap --version -o json` is this in JSON.

            Examples:
              aggbootstrap version
              aggbootstrap version -o json
            """)

    @Option(name: .shortAndLong, help: "Format of the standard output.")
    var output: OutputFormat = .text

    func run() async throws {
        let document = Document()
        switch output {
        case .text: Console.print(document.lines)
        case .json: Console.json(try JSONText.of(document))
        }
    }

    /// What is not known is null, so that a reader finds the same keys everywhere.
    struct Known: Encodable {
        let text: String?

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            if let text { try container.encode(text) } else { try container.encodeNil() }
        }
    }

    struct Library: Encodable {
        let built: Known
        let running: Known
    }

    struct Document: Encodable {
        let schemaVersion = JSONText.schemaVersion
        let version = VersionCommand.number
        let commit = Known(text: aggbootstrap_commit().map { String(cString: $0) })
        let openssl = Library(
            built: Known(text: LibraryVersions.builtOpenSSL),
            running: Known(text: LibraryVersions.runningOpenSSL))
        let systemd = Library(
            built: Known(text: aggbootstrap_built_libsystemd().map { String(cString: $0) }),
            running: Known(text: LibraryVersions.runningSystemd))

        var lines: [Message] {
            func text(_ name: String, _ library: Library) -> Message {
                let running: Message = library.running.text.map { "\($0)" } ?? "does not answer here"
                let built: Message = library.built.text.map { "\($0)" } ?? "an unknown version"
                return "  \(name)  \(running), built with \(built)"
            }
            return [
                "aggbootstrap \(version)", "  commit   \(commit.text.map { "\($0)" } ?? "not known")",
                text("openssl", openssl),
                text("systemd", systemd),
            ]
        }
    }

    /// `--version` with anything else is this command: the parser's own flag would pass over it.
    static func arguments(_ arguments: some Sequence<String>) -> [String] {
        let given = Array(arguments)
        guard given.contains("--version"), given.first?.hasPrefix("-") == true else { return given }
        let rest = given.filter { $0 != "--version" }
        return rest.isEmpty ? given : ["version"] + rest
    }
}
