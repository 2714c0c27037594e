// SPDX-License-Identifier: Apache-2.0

import Foundation
import Secrets
import TestSupport
import Testing

@testable import NodeAccess
@testable import Operations
@testable import OpenSSL
@testable import PKI
@testable import Planning
@testable import Spec
@testable import StateStore
@testable import Values

/// What holds for every preparation, of `init`, of `rotate` and of `rollback`.
@Suite struct PreparationTests {
    private let cluster: OfflineCluster

    init() throws { cluster = try OfflineCluster() }

    private func run(_ passphrase: String?, at now: UnixTime = OfflineCluster.now) throws -> Run {
        let secret = passphrase.map { text in
            Array(text.utf8).withUnsafeBytes { SecretBytes(copying: $0) }
        }
        return try Run(
            RunRequest(specFile: cluster.specFile, root: cluster.root, passphrase: secret),
            effects: cluster.run(at: now).effects)
    }

    @Test func theWayBackSaysAndTriesTheSame() async throws {
        let first = try run("right")
        let outcome = try await Change.toSpec(first).apply(
            try await Change.toSpec(first).prepare(), lock: first.lockExisting())
        #expect(outcome.failure == nil && outcome.issued == 2)
        let forth = try await Change.toSpec(run("right")).prepare()
        let back = try await Change.back(run("right")).prepare()
        #expect(forth.plan.notices.map(\.code).contains("run/key-in-root"))
        #expect(back.plan.notices.map(\.code).contains("run/key-in-root"))
        for change in [Change.toSpec, Change.back] {
            let error = await #expect(throws: PKIError.self) {
                _ = try await change(try run("wrong")).prepare()
            }
            #expect(error?.code == .wrongPassphrase)
        }
    }

    /// The clock may go on between the plan and the yes to it, or be set: what was printed is what is signed.
    @Test(arguments: [Int64(7 * 3600), 400, -200]) func thePlannedValidityIsTheOneIssued(later: Int64)
        async throws
    {
        let first = try run(nil)
        let preparation = try await Change.toSpec(first).prepare()
        let second = try run(nil, at: OfflineCluster.now.advanced(bySeconds: later))
        #expect(try await Change.toSpec(second).apply(preparation, lock: nil).failure == nil)
        try await expectIssued(preparation.plan, on: OfflineCluster.now)

        // A renewal below a CA that ends before it would.
        let due = OfflineCluster.now.advanced(bySeconds: 9 * 365 * 86400 + 86400 * 180)
        var options = RunRequest(specFile: cluster.specFile, root: cluster.root)
        options.options.renewal = .always
        let third = try Run(options, effects: cluster.run(at: due).effects)
        let renewal = try await Change.toSpec(third).prepare()
        #expect(renewal.plan.issues.map(\.shortened) == [true])
        let fourth = try Run(
            options, effects: cluster.run(at: due.advanced(bySeconds: later)).effects)
        #expect(
            try await Change.toSpec(fourth).apply(renewal, lock: try fourth.lockExisting()).failure == nil)
        try await expectIssued(renewal.plan, on: due)
    }

    private func expectIssued(_ plan: Plan, on day: UnixTime) async throws {
        let inventory = try cluster.state.inventory()
        for issue in plan.issues {
            let certificate =
                issue.owner.map { inventory.leaves[$0]?.certificate } ?? inventory.current?.certificate
            #expect(certificate?.notBefore == issue.notBefore && certificate?.notAfter == issue.notAfter)
            // The operator reads days of the text.
            #expect(issue.notBefore == day.advanced(bySeconds: -ValidityPeriod.backdatingSeconds))
        }
    }

    /// A plan whose certificates would be over, or not begun, is no plan any more; nothing of it is stored.
    @Test(arguments: [Int64(20 * 365 * 86400), -3600]) func aPlanThatHasWaitedForTooLong(later: Int64)
        async throws
    {
        let preparation = try await Change.toSpec(run(nil)).prepare()
        let second = try run(nil, at: OfflineCluster.now.advanced(bySeconds: later))
        let error = await #expect(throws: BootstrapError.self) {
            try await Change.toSpec(second).apply(preparation, lock: nil)
        }
        #expect(error?.code == "state/plan-too-old" && error?.hint?.contains("clock") == true)
        #expect(try cluster.state.inventory() == StateInventory(directory: cluster.state.path))
    }
}
