// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Bootstrap
import ClusterPlan

struct SpecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spec", abstract: "Work with the cluster's JSON spec.",
        subcommands: [Validate.self, Initial.self])

    struct Validate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "validate", abstract: "Check a spec and list every problem at once.")

        @Argument(help: "The spec; default as for --spec of init.", completion: .file(extensions: ["json"]))
        var file: String?

        func run() async throws {
            try await Console.run {
                guard let file = try SpecLoader.find(file) else {
                    throw BootstrapError(
                        "usage/no-spec", status: .usage, "there is no spec to check",
                        hint: "name it: aggbootstrap spec validate FILE")
                }
                let spec = try SpecLoader.load(file)
                let nodes = spec.nodes.count == 1 ? "1 node" : "\(spec.nodes.count) nodes"
                Console.print(["\(file) is valid: cluster \(spec.cluster), \(nodes)"])
                return .done
            }
        }
    }

    struct Initial: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "init", abstract: "Write a minimal spec to standard output, or to a new file.")

        @Option(help: "The cluster's name.")
        var cluster = "demo"

        @Option(help: "The name of the control plane that this machine is.")
        var node = "cp1"

        @Argument(help: "A file that does not exist yet; default: standard output.", completion: .file())
        var file: String?

        func run() async throws {
            try await Console.run {
                let text = SpecDocument.minimal(cluster: cluster, node: node)
                // Never hand out a spec that would be refused.
                _ = try ClusterSpec.parse(Array(text.utf8), fileName: file ?? "<new spec>")
                guard let file else {
                    Console.print([text.hasSuffix("\n") ? String(text.dropLast()) : text])
                    return .done
                }
                try SpecLoader.create(file, text)
                Console.print(["wrote \(file); next: aggbootstrap plan --spec \(file)"])
                return .done
            }
        }
    }
}
