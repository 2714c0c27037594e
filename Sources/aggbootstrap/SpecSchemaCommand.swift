// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Spec
import Values

struct SpecSchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Write the spec's JSON Schema to standard output, or to a new file.",
        discussion: """
            It is draft 2020-12, for editors and other programs. New specs refer to it as \
            \(SpecDocument.schemaFileName), beside the spec. `spec validate` checks more.

            Examples:
              aggbootstrap spec schema aggbootstrap.schema.json
            """)

    @Argument(help: "A file that does not exist yet; default: standard output.", completion: .file())
    var file: String?

    func run() async throws {
        try await Console.run {
            guard let file else {
                Console.document(SpecSchema.json)
                return .done
            }
            try SpecLoader.create(file, SpecSchema.json)
            Console.print(["wrote \(file)"])
            return .done
        }
    }
}
