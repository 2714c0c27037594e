// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct SpecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spec", abstract: "Work with the cluster's JSON spec.",
        subcommands: [
            SpecInitCommand.self, SpecAdoptCommand.self, SpecValidateCommand.self, SpecExplainCommand.self,
            SpecSchemaCommand.self,
            SpecFromCFSSLCommand.self,
        ])
}
