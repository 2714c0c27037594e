// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TestSupport
import Testing

@testable import LocalFiles
@testable import Operations
@testable import Planning
@testable import StateStore
@testable import Values

/// What is said of a rotation that is open: whether a process works on it, where it stands, and which ways lead on.
@Suite struct OpenRotationTests {
    /// - Parameter turn: how often cp2's CA file is prepared until that fails: first by S2, then by S6.
    private static func stopped(atTurn turn: Int) async throws -> FakeFleet {
        let fleet = try FakeFleet()
        try await fleet.converge()
        let turns = Mutex(0)
        let journal = Journal { _, step in
            guard step == "cp2: stage aggregator-ca.pem" else { return .done }
            return turns.withLock {
                $0 += 1
                return $0 == turn ? .failed : .done
            }
        }
        await #expect(throws: (any Error).self) { try await fleet.rotate(journal) }
        return fleet
    }

    @Test func whatWasLeftOpenBeforeTheOldCAIsDropped() async throws {
        let fleet = try await Self.stopped(atTurn: 1)
        let report = try #require(await fleet.failure())
        #expect(report.code == "rotation/open" && report.message.contains("no process works on it now"))
        #expect(report.hint?.contains("rotate --ca, or abort it with aggbootstrap rotate --abort") == true)
        let status = try await StatusReader.read(try fleet.run())
        #expect(status.stage == .trust && status.rotation?.holder == nil && status.rotation?.mayAbort == true)
        // What the rotation has changed is no damage, and what it will change is none either.
        #expect(status.nodes.allSatisfy { $0.drift.isEmpty }, "\(status.nodes.map(\.drift))")
        #expect(status.notices.isEmpty, "\(status.notices)")
    }

    /// cp1 trusts the new CA alone.
    @Test func afterOneHasDroppedTheOldCAThereIsOneWay() async throws {
        let fleet = try await Self.stopped(atTurn: 2)
        for report in [await fleet.failure(), await FakeFleet.report { try await fleet.uninstall() }] {
            #expect(report?.code == "rotation/open" && report?.details == [])
            #expect(
                report?.hint?.contains("rotate --ca") == true && report?.hint?.contains("--abort") == false)
        }
        let status = try await StatusReader.read(try fleet.run())
        #expect(status.stage == .drop && status.rotation?.mayAbort == false)
        #expect(status.nodes.allSatisfy { $0.drift.isEmpty }, "\(status.nodes.map(\.drift))")
        try await fleet.rotate()
        #expect(try await StatusReader.read(try fleet.run()).rotation == nil)
        #expect(try await fleet.isConverged && fleet.faultsSeen.isEmpty)
    }

    @Test func whatIsDamagedMeanwhileIsSaid() async throws {
        let fleet = try await Self.stopped(atTurn: 1)
        let dropIn = try run(
            "find", [fleet.directory.file("cp3/etc/systemd"), "-name", "zz-aggregation.conf"]
        ).stdout.split(separator: "\n")
        try AtomicFileWriter.remove(String(try #require(dropIn.first)))
        let nodes = try await StatusReader.read(try fleet.run()).nodes
        #expect(nodes.map { $0.drift.isEmpty } == [true, true, false])
    }

    /// One that cannot be read hides neither where the others stand nor that a rotation is open.
    @Test func aControlPlaneThatCannotBeRead() async throws {
        let fleet = try await Self.stopped(atTurn: 2)
        let journal = Journal { _, step in step == "cp3: observe" ? .failed : .done }
        let status = try await StatusReader.read(try fleet.run(journal))
        #expect(status.nodes.map { $0.problem == nil } == [true, true, false])
        #expect(status.stage == nil && status.rotation?.stage == .drop && status.rotation?.isOfAll == false)
        let report = try #require(await fleet.failure(journal))
        #expect(
            report.code == "rotation/open" && report.details.contains { "\($0)".contains("cp3") }, "\(report)"
        )
    }

    /// Nor does it keep the operator from the others.
    @Test func theOthersCanBeWorkedOn() async throws {
        let fleet = try FakeFleet()
        try await fleet.converge()
        let journal = Journal { _, step in step == "cp3: observe" ? .failed : .done }
        let report = try #require(await fleet.failure(journal))
        #expect(
            report.details.map(\.description) == [
                "the others could be read; to work on them alone: --limit cp1,cp2"
            ])
    }

    @Test func aProcessThatWorksOnItIsNamed() async throws {
        let fleet = try await Self.stopped(atTurn: 1)
        let lock = try fleet.run().state.lock()
        // Who has not changed anything yet does not work on it.
        #expect(try fleet.run().state.holder() == nil)
        try lock.announce(now: OfflineCluster.now)
        let preparation = try await Change.toSpec(try fleet.run()).prepare()
        let refusal = try #require(preparation.plan.refusals.first)
        #expect(preparation.plan.refusals.count == 1 && refusal.code == "rotation/open")
        #expect(refusal.message.description.contains("is in progress"))
        #expect(refusal.message.description.contains("has worked on it since \(OfflineCluster.now)"))
        #expect(refusal.hint.description.contains("wait until it has ended"))
        let holder = try await StatusReader.read(try fleet.run()).rotation?.holder
        #expect(holder?.host == LocalHost.name() && holder?.since == OfflineCluster.now.description)
        withExtendedLifetime(lock) {}
    }
}
