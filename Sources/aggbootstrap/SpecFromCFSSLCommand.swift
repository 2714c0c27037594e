// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Spec
import Values

struct SpecFromCFSSLCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "from-cfssl",
        abstract: "Turn cfssl's three files into a spec, on standard output or in a new file.",
        discussion: """
            Every field of the files is kept, or named on standard error with the reason why it is not. \
            cfssl issues one certificate and key for all nodes, so perNode is false; \
            the allowed name is the certificate's common name.

            Examples:
              aggbootstrap spec from-cfssl --ca-config ca-config.json --ca-csr ca-csr.json --csr aggregator-csr.json cluster.json
            """)

    @Option(
        help: ArgumentHelp("The signing configuration, such as ca-config.json.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var caConfig: String

    @Option(
        help: ArgumentHelp("The CA's request, such as ca-csr.json.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var caCSR: String

    @Option(
        help: ArgumentHelp(
            "The proxy client certificate's request, such as aggregator-csr.json.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var csr: String

    @Option(help: "The signing profile; needed if there are several.")
    var profile: String?

    @Option(
        help: ArgumentHelp(
            "A control plane; repeatable. Default: cp1, this machine.",
            valueName: "name=address"))
    var node: [String] = []

    @Option(help: "The cluster's name.")
    var cluster = "demo"

    @Argument(help: "A file that does not exist yet; default: standard output.", completion: .file())
    var file: String?

    func run() async throws {
        try await Console.run {
            let made = try convert()
            if let file { try SpecLoader.create(file, made.text) }
            Console.notes(made.notes.map(\.line))
            guard let file else {
                Console.document(made.text)
                return .done
            }
            Console.print(["wrote \(file); next: aggbootstrap plan --spec \(file)"])
            return .done
        }
    }

    private func convert() throws -> CFSSLImport {
        func load(_ path: String) throws -> CFSSLFile {
            CFSSLFile(name: path, bytes: try SpecLoader.readCFSSL(path))
        }
        let nodes = try node.map(Self.node)
        do {
            return try CFSSLImport(
                CFSSLImport.Request(
                    caConfig: load(caConfig), caCSR: load(caCSR), csr: load(csr), profile: profile,
                    cluster: cluster, nodes: nodes))
        } catch let error as CFSSLImportError {
            switch error {
            case .argument(let message, let hint):
                throw BootstrapError(
                    "usage/from-cfssl", status: .usage, "\(message)", hint: hint.map { "\($0)" })
            case .files(let files, let notes):
                // A usage that was dropped as misspelt may be the one that is missing.
                Console.notes(notes.map(\.line))
                files.dropLast().forEach { Console.problems($0) }
                throw files[files.count - 1]
            }
        }
    }

    private static func node(_ text: String) throws -> (name: String, address: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw BootstrapError(
                "usage/from-cfssl", status: .usage, "--node: \(SpecText.quoted(text)) is not NAME=ADDRESS",
                hint: "write it like --node master-1=192.0.2.10")
        }
        return (String(parts[0]), String(parts[1]))
    }
}
