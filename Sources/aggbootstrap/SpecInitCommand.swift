// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Spec
import Values

struct SpecInitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a minimal spec to standard output, or to a new file.",
        discussion: """
            Examples:
              aggbootstrap spec init
              aggbootstrap spec init --cluster shanghai --node master-1 cluster.json
              aggbootstrap spec init --node master-1=192.0.2.1 --node master-2=ops@192.0.2.2 cluster.json
            """)

    @Option(help: "The cluster's name.")
    var cluster = "demo"

    @Option(
        help: ArgumentHelp(
            "A control plane; repeatable. Without an address it is this machine. Default: cp1, this machine.",
            discussion: "With a user other than root, sudo is used.", valueName: "name[=[user@]address]"))
    var node: [String] = []

    @Argument(help: "A file that does not exist yet; default: standard output.", completion: .file())
    var file: String?

    func run() async throws {
        try await Console.run {
            let text = SpecDocument.minimal(
                cluster: cluster, nodes: (node.isEmpty ? ["cp1"] : node).map(NewNode.init(option:)))
            // Never hand out a spec that would be refused.
            _ = try ClusterSpec.parse(Array(text.utf8), fileName: file ?? "<new spec>")
            guard let file else {
                Console.document(text)
                return .done
            }
            try SpecLoader.create(file, text)
            Console.print(["wrote \(file); next: aggbootstrap plan --spec \(file)"])
            return .done
        }
    }
}
