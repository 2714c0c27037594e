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
}
