// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import aggbootstrap

/// What a failed rollout says of its nodes: values below, their words here.
@Suite struct NodeResultTextTests {
    @Test func aTableBelowTheCause() {
        let results = [
            NodeResult("cp1", .changed(files: 1, removed: 2, restarted: true)),
            NodeResult("cp2", .failed(isAsBefore: true)), NodeResult("cp3", .failed(isAsBefore: false)),
            NodeResult("cp10", .untouched), NodeResult("cp11", .takenBack("cp2 refuses it")),
            NodeResult("cp12", .unchanged),
        ]
        let error = BootstrapError("apply/unhealthy", "x", details: ["the cause"], nodes: results)
        #expect(
            ErrorReport(error).lines == [
                "the cause", "state of each node:",
                "  cp1   has the change: 1 file written, 2 removed, restarted",
                "  cp2   FAILED, and is as it was", "  cp3   FAILED, and has a part of the change",
                "  cp10  is as it was; its change was not started",
                "  cp11  is as it was: its old certificate and key were restored, because cp2 refuses it",
                "  cp12  no change was needed",
            ])
        // One node's error says it already.
        let one = BootstrapError("apply/unhealthy", "x", details: ["the cause"], nodes: [results[1]])
        #expect(ErrorReport(one).lines == ["the cause"])
    }
}
