// SPDX-License-Identifier: Apache-2.0

import ClusterPlan
import Foundation
import NodeAccess
import PKI
import Secrets
import TestSupport
import Testing

@testable import Bootstrap

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
        let outcome = try await first.apply(try await first.prepare(), lock: first.lockExisting())
        #expect(outcome.failure == nil && outcome.issued == 2)
        let forth = try await run("right").prepare()
        let back = try await run("right").prepareRollback()
        #expect(forth.plan.notices.map(\.code).contains("run/key-in-root"))
        #expect(back.plan.notices.map(\.code).contains("run/key-in-root"))
        for prepare in [Run.prepare, Run.prepareRollback] {
            let error = await #expect(throws: PKIError.self) { _ = try await prepare(try run("wrong"))() }
            #expect(error?.code == .wrongPassphrase)
        }
    }
}
