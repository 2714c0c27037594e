// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What README.md and docs/ refer to is there.
@Suite struct DocumentationTests {
    private static let checkout = #filePath.components(separatedBy: "/Tests/")[0]

    /// Every page, by its path from the checkout.
    private func pages() throws -> [String: String] { try Pages.all() }

    private func anchors(_ page: String) -> Set<String> {
        Set(page.matches(of: /(?m)^#+ (.*)$/).map { Pages.anchor(String($0.1)) })
    }

    @Test func theReadmeIsShort() throws {
        let lines = try #require(try pages()["README.md"]).split(
            separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count - 1 <= 120)
    }

    @Test func everyLinkLeadsSomewhere() throws {
        let pages = try pages()
        var count = 0
        for (name, text) in pages {
            for link in text.matches(of: /\]\(([^)\s]+)\)/).map({ String($0.1) })
            where !link.hasPrefix("https://") {
                count += 1
                let parts = link.split(separator: "#", omittingEmptySubsequences: false).map(String.init)
                let target = parts[0].isEmpty ? name : Pages.target(of: parts[0], on: name)
                #expect(
                    FileManager.default.fileExists(atPath: "\(Self.checkout)/\(target)"), "\(name): \(link)")
                if parts.count > 1 {
                    #expect(anchors(pages[target] ?? "").contains(parts[1]), "\(name): \(link)")
                }
            }
        }
        #expect(count >= 150)
    }

    /// The index has a link to every page, so that none is found by chance only.
    @Test func theIndexHasEveryPage() throws {
        let index = try #require(try pages()["docs/README.md"])
        for name in try pages().keys
        where name.hasPrefix("docs/") && name != "docs/README.md" && !name.contains("/decisions/") {
            #expect(index.contains("](\(name.dropFirst(5)))"), "\(name)")
        }
    }

    /// Codes that a page explains are ones that the program says.
    @Test func everyCodeIsTheProgramsOwn() throws {
        let said = try Set(ReportedCodes.inSources())
        let areas = Set(said.map { $0.split(separator: "/")[0] })
        var count = 0
        for (name, text) in try pages() {
            for code in text.matches(of: /`(([a-z]+)\/[a-z0-9-]+)`/) where areas.contains(code.2) {
                count += 1
                #expect(said.contains(String(code.1)), "\(name): \(code.1)")
            }
        }
        #expect(count >= 300)
    }
}
