// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The guide's commands do what the guide says, in its order and one directory. Blocks marked `sh live` need control
/// planes: the stories of `make e2e` do the same there.
@Suite struct GuideTests {
    private struct Block {
        let isLive: Bool
        let commands: String
    }

    private func blocks() throws -> [Block] {
        let checkout = #filePath.components(separatedBy: "/Tests/")[0]
        let guide = try String(contentsOfFile: "\(checkout)/docs/guide.md", encoding: .utf8)
        return guide.matches(of: /(?m)^```sh( live)?\n((?:.*\n)*?)```$/).map {
            Block(isLive: $0.1 != nil, commands: String($0.2))
        }
    }

    /// The live part is about the state, and the encrypted keys, that the first part has made.
    @Test func theLivePartNamesStateAndPassphrase() throws {
        let lines = try blocks().filter(\.isLive).flatMap { $0.commands.split(separator: "\n") }
        #expect(lines.count >= 14)
        for line in lines {
            let words = line.split(separator: " ").dropFirst()
            let takesState = words.first != "schedule" || words.contains("install")
            let needsKeys = words.contains("install") || ["plan", "init", "rotate"].contains(words.first)
            #expect(line.contains(" --state state") == takesState, "\(line)")
            #expect(line.contains(" --passphrase-file passphrase") == needsKeys, "\(line)")
        }
    }

    @Test func everyCommandWorks() throws {
        let blocks = try blocks()
        #expect(blocks.filter { !$0.isLive }.count >= 8 && blocks.filter(\.isLive).count >= 2)
        let directory = try TemporaryDirectory()
        for block in blocks where !block.isLive {
            // `# exit N` behind a command says how it ends; all others have to end well.
            for line in block.commands.replacing("\\\n", with: " ").split(separator: "\n") {
                let wanted = line.firstMatch(of: /# exit (\d+)$/).flatMap { Int32($0.1) } ?? 0
                let result = try shell("PATH=$(dirname $A):$PATH; \(line)", in: directory)
                #expect(result.status == wanted, "\(line)\n\(result.stdout)\(result.stderr)")
            }
        }
    }
}
