// SPDX-License-Identifier: Apache-2.0

import APIServerAccess
import Synchronization
import Testing

@testable import Bootstrap

/// What is made of the API server's word on a pair that was exchanged without a restart.
@Suite struct PairCheckTests {
    private final class Lines: Sendable {
        let said = Mutex<[String]>([])
    }

    /// What was said of the check.
    private func check(_ identity: @escaping @Sendable () throws -> IdentityOutcome?) throws -> [String] {
        let lines = Lines()
        let progress = NodeProgress(node: "cp1") { event in
            if case .note(_, let text) = event { lines.said.withLock { $0.append(text) } }
        }
        try PairCheck(identity: identity, progress: progress).run()
        return lines.said.withLock { $0 }
    }

    @Test func whatCannotBeAskedIsSaid() throws {
        #expect(try check { .accepted(user: "a") } == [])
        let failed = try check { throw BootstrapError("ssh/failed", "the connection is gone") }
        #expect(
            failed.count == 1 && failed[0].hasSuffix("the proofs will: the connection is gone"), "\(failed)")
        #expect(try check { nil }.count == 1)
        #expect(try check { .inconclusive(reason: "no review") }.first?.hasSuffix(": no review") == true)
        #expect(try check { .notUnderstood(status: 502, excerpt: "") }.first?.hasSuffix("status 502") == true)
    }

    @Test func aPairThatIsRefusedStopsIt() {
        let error = #expect(throws: BootstrapError.self) { _ = try check { .rejected } }
        #expect(error?.code == "apply/pair-refused")
    }
}
