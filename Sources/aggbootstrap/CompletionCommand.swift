// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct CompletionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print the script that completes this program's command lines in a shell.",
        discussion: """
            bash: source <(aggbootstrap completion bash), or put it into /etc/bash_completion.d/aggbootstrap.

            zsh: put it into a file named _aggbootstrap in a directory of $fpath.

            fish: put it into ~/.config/fish/completions/aggbootstrap.fish.

            Examples:
              aggbootstrap completion bash
              aggbootstrap completion zsh
            """)

    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash
        case zsh
        case fish
    }

    @Argument(help: "The shell.")
    var shell: Shell

    func run() async throws {
        let kind: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        Console.document(AggBootstrap.completionScript(for: kind) + "\n")
    }
}
