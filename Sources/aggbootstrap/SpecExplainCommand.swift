// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Spec
import StateStore
import Values

struct SpecExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Explain a field of the spec; without one, list all fields.",
        discussion: """
            Examples:
              aggbootstrap spec explain
              aggbootstrap spec explain certificates.ca.key.size
            """)

    @Argument(
        help: "For example certificates.ca.key.size, or nodes[].address.", completion: Completions.specFields)
    var field: String?

    func run() async throws {
        try await Console.run {
            guard let field else {
                Console.print(SpecExplanation.overview.map { "\($0)" })
                return .done
            }
            guard let lines = SpecExplanation.lines(for: field) else { throw unknown(field) }
            Console.print(lines.map { "\($0)" })
            return .done
        }
    }

    private func unknown(_ field: String) -> BootstrapError {
        let near = SpecExplanation.suggestions(for: field)
        return BootstrapError(
            "usage/no-such-field", status: .usage, "the spec has no field \(SpecText.quoted(field))",
            hint: near.isEmpty
                ? "`aggbootstrap spec explain` lists all fields"
                : "did you mean \(near.dropFirst().reduce("\(near[0])" as Message) { $0 + " or \($1)" })?")
    }
}
