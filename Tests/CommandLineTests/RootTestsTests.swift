// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What only root can test is skipped for another user, and `.ci/run` then runs it with sudo.
@Suite struct RootTestsTests {
    @Test func ciRunsEachOneWithSudo() throws {
        let checkout = #filePath.components(separatedBy: "/Tests/")[0]
        let script = try String(contentsOfFile: "\(checkout)/.ci/run", encoding: .utf8)
        let filter = try #require(script.firstMatch(of: /sudo .*swift test --skip-build --filter '([^']*)'/))
        let suites = filter.1.split(separator: "|")
        // The condition is put together here, so that this file has none.
        let condition = ".enabled(if: geteuid() " + "== 0"
        let found = try run("grep", ["-rnF", condition, "\(checkout)/Tests"]).stdout.split(separator: "\n")
        #expect(found.count >= 6)
        for line in found {
            #expect(line.contains("takes root\")"), "no reason that .ci/run knows: \(line)")
            let file = URL(fileURLWithPath: String(line.prefix { $0 != ":" }))
            let suite = file.deletingPathExtension().lastPathComponent
            #expect(suites.contains { $0 == suite }, ".ci/run does not run \(suite)")
        }
    }
}
