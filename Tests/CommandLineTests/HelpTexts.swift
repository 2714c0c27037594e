// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// The texts of the command line's help, as the parser gives them.
enum HelpTexts {
    private struct Dump: Decodable { let command: Command }

    private struct Command: Decodable {
        let abstract: String?
        let discussion: String?
        let arguments: [Argument]?
        let subcommands: [Command]?
    }

    private struct Argument: Decodable {
        let sectionTitle: String?
        let abstract: String?
        let discussion: String?
        let shouldDisplay: Bool
    }

    static func all() throws -> Set<String> {
        let dump = try aggbootstrap(["--experimental-dump-help"], in: TemporaryDirectory()).stdout
        return texts(of: try JSONDecoder().decode(Dump.self, from: Data(dump.utf8)).command)
    }

    private static func texts(of command: Command) -> Set<String> {
        let arguments = (command.arguments ?? []).filter(\.shouldDisplay)
        let own =
            [command.abstract, command.discussion]
            + arguments.flatMap { [$0.sectionTitle, $0.abstract, $0.discussion] }
        return (command.subcommands ?? []).reduce(into: Set(own.compactMap { $0 }.filter { !$0.isEmpty })) {
            $0.formUnion(texts(of: $1))
        }
    }
}
