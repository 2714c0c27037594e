// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Spec
import Values

struct SpecValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check a spec and list every problem at once.",
        discussion: """
            Examples:
              aggbootstrap spec validate cluster.json
              aggbootstrap spec validate -o json
            """)

    @Option(
        name: .customLong("spec"), help: SpecOptions.specHelp, completion: .file(extensions: ["json"]))
    var spec: String?

    @Option(name: .shortAndLong, help: "Format of the standard output.")
    var output: OutputFormat = .text

    @Argument(help: "The spec, as with --spec.", completion: .file(extensions: ["json"]))
    var file: String?

    func validate() throws {
        if spec != nil && file != nil {
            throw UsageError.validation("--spec and the argument FILE are both given")
        }
    }

    func run() async throws {
        try await Console.run(format: output) {
            guard let file = try SpecLoader.find(spec ?? file) else {
                throw BootstrapError(
                    "usage/no-spec", status: .usage, "no spec was found",
                    hint: "give it: aggbootstrap spec validate FILE")
            }
            let spec = try SpecLoader.load(file)
            switch output {
            case .text:
                let nodes = Message.count(spec.nodes.count, "node")
                Console.print(["\(file) is valid: cluster \(spec.cluster), \(nodes)"])
            case .json: Console.json(try JSONText.of(SpecDocumentReport(spec, file: file)))
            }
            return .done
        }
    }
}

/// That a spec is valid, as JSON.
private struct SpecDocumentReport: Encodable {
    struct Node: Encodable {
        let name: String
    }

    let schemaVersion = JSONText.schemaVersion
    let file: String
    let cluster: String
    let nodes: [Node]

    init(_ spec: ClusterSpec, file: String) {
        (self.file, cluster) = (file, spec.cluster)
        nodes = spec.nodes.map { Node(name: $0.name) }
    }
}
