// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// docs/reference/spec.md says what the parser's table says; `RECORD_GOLDEN=1` writes it again, and fails.
@Test func theReferenceIsTheTable() throws {
    let checkout = #filePath.components(separatedBy: "/Tests/")[0]
    let page = URL(fileURLWithPath: "\(checkout)/docs/reference/spec.md")
    if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] == "1" {
        try Data(SpecReference.markdown.utf8).write(to: page)
        Issue.record(
            "docs/reference/spec.md was written anew; look at the difference and run again without RECORD_GOLDEN"
        )
        return
    }
    #expect(try String(contentsOf: page, encoding: .utf8) == SpecReference.markdown)
}
