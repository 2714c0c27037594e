// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Bootstrap
import ClusterPlan

struct SpecValidateCommand: AsyncParsableCommand {
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
