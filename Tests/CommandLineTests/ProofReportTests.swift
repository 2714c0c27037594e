// SPDX-License-Identifier: Apache-2.0

import Planning
import Testing
import Values

@testable import aggbootstrap

/// When proofs end a run with status 4.
@Suite struct ProofReportTests {
    private func nodes(_ outcomes: [Proof.Verdict]) -> [NodeProofs] {
        outcomes.enumerated().map { index, outcome in
            NodeProofs(
                node: "cp\(index + 1)",
                proofs: [Proof("chain", .passed, "it does"), Proof("canary", outcome, "so it is")])
        }
    }

    /// What was asked for and could not be made is no success; what one node hides fails with --require-proof only.
    @Test func aCanaryThatNobodySawFails() {
        let unseen = nodes([.notProven, .notProven])
        #expect(ProofReport(unseen, canary: true).status == .proofFailed)
        #expect(
            ProofReport(unseen, canary: true).shortfall?.description
                == "no proof of the canary could be made, and --canary is given (status 4)")
        #expect(
            ProofReport(unseen, canary: true).checks(file: nil).map(\.level) == [
                .passed, .error, .passed, .error,
            ])
        #expect(ProofReport(unseen).status == .done)
        #expect(ProofReport(unseen).checks(file: nil).map(\.level) == [.passed, .skipped, .passed, .skipped])
        let half = nodes([.notProven, .passed])
        #expect(ProofReport(half, canary: true).status == .done)
        #expect(ProofReport(half, requireProof: true, canary: true).status == .proofFailed)
    }

    /// What the cluster says besides is seen in each form, and fails nothing.
    @Test func notesAboutTheCluster() throws {
        let note = Notice(code: "cluster/unlisted", node: nil, message: "an API server at 192.0.2.9")
        let report = ProofReport(nodes([.passed]), [note], requireProof: true)
        #expect(report.status == .done)
        #expect(report.lines.contains { $0.description == "note: an API server at 192.0.2.9" })
        #expect(Summary.verified(report).description == "verified: 2 of 2 proofs hold; 1 note above")
        #expect(try report.json().contains("\"code\" : \"cluster/unlisted\""))
        let check = try #require(report.checks(file: nil).last)
        #expect(check.level == .warning && check.subject == "cluster" && check.name == "cluster/unlisted")
    }
}
