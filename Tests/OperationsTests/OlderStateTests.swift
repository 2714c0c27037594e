// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Operations
@testable import Planning
@testable import Proofs
@testable import StateStore
@testable import Values

/// Two copies of one state: after a rotation with one of them, the other is recognised as older, and not used.
@Suite struct OlderStateTests {
    private static func fleet() async throws -> FakeFleet {
        let fleet = try FakeFleet()
        try await fleet.converge()
        try move(fleet, "cp -a state older")
        return fleet
    }

    private static func move(_ fleet: FakeFleet, _ line: String) throws {
        let result = try run("bash", ["-c", line], currentDirectory: fleet.directory.path)
        #expect(result.status == 0, "\(result.stderr)")
    }

    /// Puts the older copy in place.
    private static func goBack(_ fleet: FakeFleet) throws {
        try move(fleet, "mv state newer; mv older state")
    }

    /// Killed between storing certificates and writing them down: they are this state's own, and the next rotation knows it.
    @Test func whatAKilledRunDidNotWriteDown() async throws {
        let fleet = try FakeFleet()
        try await fleet.converge()
        for _ in 0..<2 {
            try Self.move(fleet, "sed -i '/\"issued-leaf\"/d' state/ledger.jsonl")
            for _ in 0..<3 { try await fleet.rotateLeaves() }
        }
        #expect(try await fleet.isConverged && fleet.faultsSeen.isEmpty)
    }

    /// All of a state but what a lock leaves.
    private static func listing(_ fleet: FakeFleet) -> [String] {
        treeListing(fleet.directory.file("state")).filter { !$0.hasPrefix(" ") && !$0.hasPrefix("lock ") }
    }

    /// What each command says of it, and that none of them changes anything.
    /// - Parameter isRotationOpen: whether the run of a timer goes on with that.
    private static func expectRefused(
        _ fleet: FakeFleet, _ says: String, isRotationOpen: Bool = false
    ) async throws {
        let (files, state) = (fleet.files, listing(fleet))
        var reports: [ErrorReport?] = []
        reports.append(await fleet.failure())
        reports.append(await FakeFleet.report { try await fleet.rotateLeaves() })
        reports.append(await FakeFleet.report { try await fleet.rotate() })
        reports.append(
            await FakeFleet.report { try await Change.back(try fleet.run()).perform(SilentAttendant()) })
        reports.append(
            await FakeFleet.report {
                let run = try fleet.run()
                let finding = try await Renewal(
                    run, rule: .twoThirds, .init(reloadSeconds: 0, witness: .init(isWanted: false))
                )
                .find()
                if isRotationOpen, case .ca = finding { try await fleet.rotate() }
            })
        for (index, report) in reports.enumerated() {
            #expect(report?.code == "plan/older-state", "\(index): \(report?.message ?? "done")")
            #expect(
                report?.message.contains("this state directory is older than what the control planes have")
                    == true)
            #expect(report?.message.contains(says) == true, "\(report?.message ?? "")")
            #expect(report?.hint?.contains("--accept-older-state") == true)
        }
        // status changes nothing anyway, and names it with the way out.
        let notices = try await StatusReader.read(try fleet.run()).notices
        let notice = try #require(notices.first { $0.code == "plan/older-state" }, "\(notices)")
        #expect(notice.message.contains(says) && notice.hint?.contains("state import") == true)
        #expect(fleet.files == files)
        #expect(listing(fleet) == state)
    }

    @Test func afterARotationOfProxyClients() async throws {
        let fleet = try await Self.fleet()
        try await fleet.rotateLeaves()
        #expect(try await fleet.isConverged)
        try Self.goBack(fleet)
        try await Self.expectRefused(fleet, "cp1 has a proxy client certificate that is valid from")
        // The newer copy is still right.
        try Self.move(fleet, "mv state older; mv newer state")
        #expect(try await fleet.isConverged)
        // Where it is lost, new certificates make this one the newest.
        try Self.goBack(fleet)
        try await fleet.rotateLeaves { $0.request.options.acceptsOlderState = true }
        #expect(try await fleet.isConverged)
        #expect(fleet.faultsSeen == [])
    }

    @Test func afterARotationOfTheCA() async throws {
        let fleet = try await Self.fleet()
        try await fleet.rotate()
        #expect(try await fleet.isConverged)
        try Self.goBack(fleet)
        try await Self.expectRefused(fleet, ", valid from ")
        try Self.move(fleet, "mv state older; mv newer state")
        #expect(try await fleet.isConverged)
        try Self.goBack(fleet)
        try await fleet.rotate { $0.request.options.acceptsOlderState = true }
        #expect(try await fleet.isConverged)
        #expect(fleet.faultsSeen == [])
    }

    private static func rotation(
        _ run: Run, because cause: RotationTerms.Cause = .asked
    ) -> CARotation {
        var options = RotationOptions()
        options.acceptsUnseenExtensions = true
        options.cause = cause
        (options.soakSeconds, options.watchSeconds, options.reloadSeconds) = (0, 0, 0)
        return CARotation(run, options: options)
    }

    /// Aborts a rotation, where one is open.
    private static func abort(_ fleet: FakeFleet) async throws {
        let run = try fleet.run()
        let rotation = rotation(run)
        if try await rotation.callOff(try run.lockExisting()) {
            #expect(try await rotation.converge(nil).direction == .back)
        }
    }

    /// - Parameter file: the one that cannot be prepared on cp2.
    private static func stop(_ fleet: FakeFleet, at file: String) async throws {
        let journal = Journal { _, step in
            step.hasPrefix("cp2: stage ") && step.contains(file) ? .failed : .done
        }
        await #expect(throws: (any Error).self, "\(file)") { try await fleet.rotate(journal) }
    }

    private static let files = ["aggregator-ca.pem", "aggregator.pem"]

    /// An aborted rotation leaves the control planes as they were: a copy from before it is as new as the other one.
    @Test(arguments: files) func aCopyFromBeforeARotationThatWasAborted(stoppedAt file: String) async throws {
        let fleet = try await Self.fleet()
        try await Self.stop(fleet, at: file)
        // Under way, the control planes have what the copy does not know.
        try Self.move(fleet, "mv state newer; cp -a older state")
        #expect(await fleet.failure()?.code == "plan/older-state")
        try Self.move(fleet, "rm -r state; mv newer state")
        try await Self.abort(fleet)
        #expect(try await fleet.isConverged)
        try Self.goBack(fleet)
        #expect(await fleet.failure() == nil)
        #expect(try await fleet.isConverged)
        try await fleet.rotateLeaves()
        #expect(try await fleet.isConverged && fleet.faultsSeen.isEmpty)
        // Now the one that aborted is the older one.
        try Self.move(fleet, "mv state older; mv newer state")
        #expect(await fleet.failure()?.code == "plan/older-state")
    }

    /// A copy from the middle of it has the rotation open: it says so, and both ways out of it work.
    @Test(arguments: files, [true, false])
    func aCopyFromTheMiddleOfARotationThatWasAborted(stoppedAt file: String, abortsToo: Bool) async throws {
        let fleet = try await Self.fleet()
        try await Self.stop(fleet, at: file)
        try Self.move(fleet, "rm -r older; cp -a state older")
        try await Self.abort(fleet)
        let files = fleet.files
        try Self.goBack(fleet)
        #expect(await fleet.failure()?.code == "rotation/open")
        #expect(fleet.files == files)
        if abortsToo { try await Self.abort(fleet) } else { try await fleet.rotate() }
        try await fleet.converge()
        #expect(try await fleet.isConverged && fleet.allServe && fleet.faultsSeen.isEmpty)
        // The state that has aborted puts nothing back that it has dropped.
        try Self.move(fleet, "mv state other; mv newer state")
        let then = fleet.files
        let code = await fleet.failure()?.code
        #expect(abortsToo ? code == nil : code == "plan/other-generation", "\(code ?? "done")")
        #expect(fleet.files == then)
    }

    /// A copy that has begun a rotation of its own, while another one has finished one: what it is refused for is not written
    /// down in it, since it would lead from then on from one refusal to the next.
    @Test func aRefusalIsNotWrittenDown() async throws {
        let fleet = try await Self.fleet()
        let journal = Journal { _, step in step.hasSuffix(": stage aggregator-ca.pem") ? .failed : .done }
        await #expect(throws: (any Error).self) { try await fleet.rotate(journal) }
        try Self.move(fleet, "mv state begun; mv older state")
        try await fleet.rotate()
        try Self.move(fleet, "mv state newer; mv begun state")
        let (files, state) = (fleet.files, Self.listing(fleet))
        var reports: [ErrorReport?] = []
        reports.append(
            await FakeFleet.report { try await Self.rotation(try fleet.run()).check(isAbort: true) })
        reports.append(await FakeFleet.report { try await Self.abort(fleet) })
        reports.append(await FakeFleet.report { try await fleet.rotate() })
        for cause in [RotationTerms.Cause.compromisedLeaf, .compromisedCA] {
            reports.append(
                await FakeFleet.report {
                    let run = try fleet.run()
                    _ = try await Self.rotation(run, because: cause).converge(try run.lockExisting())
                })
        }
        for (index, report) in reports.enumerated() {
            #expect(report?.code == "plan/older-state", "\(index): \(report?.message ?? "done")")
            #expect(report?.hint?.contains("--accept-older-state") == true)
        }
        #expect(fleet.files == files)
        #expect(Self.listing(fleet) == state)
        // The way out that they name; an abort is none.
        let accepting = { (run: inout Run) in run.request.options.acceptsOlderState = true }
        var run = try fleet.run()
        accepting(&run)
        let rotation = Self.rotation(run)
        let late = await FakeFleet.report { _ = try await rotation.callOff(try run.lockExisting()) }
        #expect(late?.code == "rotation/too-late")
        #expect(Self.listing(fleet) == state)
        try await rotation.check(isAbort: false)
        try await fleet.rotate(Journal(), accepting)
        #expect(try await fleet.isConverged && fleet.faultsSeen.isEmpty)
    }

    /// A copy that was made in the midst of a rotation, which the other one has finished: the CA is this one's too, and what
    /// the control planes present under it is not.
    @Test func aRotationThatAnotherCopyFinished() async throws {
        let fleet = try await Self.fleet()
        let journal = Journal { _, step in step.hasSuffix(": stage aggregator-ca.pem") ? .failed : .done }
        await #expect(throws: (any Error).self) { try await fleet.rotate(journal) }
        try Self.move(fleet, "cp -a state begun")
        try await fleet.rotate()
        try await fleet.rotateLeaves()
        #expect(try await fleet.isConverged)
        try Self.move(fleet, "mv state finished; mv begun state")
        try await Self.expectRefused(
            fleet, "cp1 has a proxy client certificate that is valid from", isRotationOpen: true)
        let refusal = try #require(await fleet.failure())
        #expect(refusal.hint?.hasSuffix("aggbootstrap rotate --ca --accept-older-state") == true)
        try await fleet.rotate { $0.request.options.acceptsOlderState = true }
        #expect(try await fleet.isConverged && fleet.faultsSeen.isEmpty)
        // Now that one is the older.
        try Self.move(fleet, "mv state goes-on; mv finished state")
        #expect(await fleet.failure()?.code == "plan/older-state")
    }

    /// A state that was made while the control planes had another one's CA is not an older copy of that.
    @Test func anotherStateIsNoOlderOne() async throws {
        let fleet = try await Self.fleet()
        try Self.move(fleet, "mv state first; rm -r older")
        #expect(await fleet.failure()?.code == "plan/foreign-ca")
        let error = await FakeFleet.report { try await fleet.rotate() }
        #expect(error == nil, "\(error?.message ?? "")")
        #expect(try await fleet.isConverged)
    }

    /// A ledger that does not name every certificate tells nothing of the others.
    @Test func aLedgerOfAnEarlierVersion() async throws {
        let fleet = try await Self.fleet()
        try await fleet.rotateLeaves()
        try Self.goBack(fleet)
        try Self.move(
            fleet, #"sed -i -E '/issued-leaf/s/"sha256":"[0-9a-f]*",?//; s/,\}/}/' state/ledger.jsonl"#)
        #expect(await fleet.failure() == nil)
    }
}
