// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The offline pages' commands do what these pages say, in their order and one directory each. The live tutorial needs
/// control planes: the story `tutorial-live` runs its commands there.
@Suite struct GuideTests {
    static let pages = [
        (name: "docs/tutorial/offline.md", blocks: 8), (name: "docs/how-to/cfssl.md", blocks: 1),
    ]

    /// The story reads the page as it is; it must find the commands there.
    @Test func theLiveTutorialHasCommands() throws {
        let page = try #require(try Pages.all()["docs/tutorial/live.md"])
        let blocks = Pages.blocks(page).filter { $0.kind == "sh" }
        let commands = blocks.flatMap { $0.text.split(separator: "\n") }.filter {
            $0.hasPrefix("aggbootstrap ") && !$0.hasPrefix("aggbootstrap spec ")
        }
        #expect(blocks.count >= 8 && commands.count >= 14)
        // Nothing of it goes to the place that a real cluster of that name has.
        for command in commands { #expect(command.contains(" --state state"), "\(command)") }
    }

    @Test(arguments: pages) func everyCommandWorks(name: String, atLeast: Int) throws {
        let page = try #require(try Pages.all()[name])
        let blocks = Pages.blocks(page).filter { $0.kind == "sh" }
        #expect(blocks.count >= atLeast)
        let directory = try TemporaryDirectory()
        for block in blocks {
            // `# exit N` behind a command says how it ends; all others must end well.
            for line in block.text.replacing("\\\n", with: " ").split(separator: "\n") {
                let wanted = line.firstMatch(of: /# exit (\d+)$/).flatMap { Int32($0.1) } ?? 0
                let result = try shell("PATH=$(dirname $A):$PATH; \(line)", in: directory)
                #expect(result.status == wanted, "\(line)\n\(result.stdout)\(result.stderr)")
            }
        }
    }
}
