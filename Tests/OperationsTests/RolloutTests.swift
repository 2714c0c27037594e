// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TestSupport
import Testing

@testable import Operations
@testable import Planning
@testable import Values

/// A change of three control planes, without root: their order, what is refused, and what stays behind when a step fails.
@Suite struct RolloutTests {
    private static let names = ["cp1", "cp2", "cp3"]

    private static func restarts(_ steps: [String]) -> [String] { steps.filter { $0.hasSuffix(": restart") } }

    /// Steps that change a node's files or its unit.
    private static func changes(_ steps: some Sequence<String>) -> [String] {
        let words = ["stage", "copy", "rename", "make", "move", "remove", "daemon-reload", "restart"]
        return steps.filter { step in words.contains { step.contains(": \($0)") } }
    }

    /// The steps of a node's change, with their numbers.
    private static func steps(of name: String) async throws -> [(number: Int, step: String)] {
        let journal = Journal()
        try await FakeFleet().converge(journal)
        let numbered = journal.steps.enumerated().filter { $1.hasPrefix("\(name): ") }
        let begin = try #require(numbered.firstIndex { $1.hasSuffix(": make directories") })
        let end = try #require(numbered.lastIndex { $1.hasSuffix(": move to previous") })
        try #require(end - begin > 10, "\(journal.steps)")
        // One of those that are alike, for example of the temporary files that are removed.
        var seen: Set<Substring> = []
        return numbered[begin...end].map { ($0 + 1, $1) }
            .filter { seen.insert($0.1.hasPrefix("\(name): remove .") ? "remove" : $0.1[...]).inserted }
    }

    @Test func oneAfterTheOther() async throws {
        let fleet = try FakeFleet()
        let journal = Journal()
        let result = try await fleet.converge(journal)
        #expect(result.outcome.restarts == 3 && result.outcome.filesWritten == 12)
        #expect(result.proofs.count == 3)
        #expect(result.proofs.flatMap(\.proofs).allSatisfy { $0.outcome != .failed }, "\(result.proofs)")
        #expect(Self.restarts(journal.steps) == Self.names.map { "\($0): restart" })
        #expect(fleet.allAreNew && fleet.faultsSeen.isEmpty)
        // While one is changed, no other one is.
        let order = Self.changes(journal.steps).map { $0.prefix(3) }
        #expect(order == order.sorted(), "\(journal.steps)")
        #expect(try await fleet.isConverged)
    }

    /// The plan, the look under the locks, and the proofs: the same for three restarts as for thirty.
    @Test(arguments: [3, 30]) func aRolloutLooksThreeTimes(count: Int) async throws {
        let fleet = try FakeFleet((1...count).map { "cp\($0)" })
        let journal = Journal()
        #expect(try await fleet.converge(journal).outcome.restarts == count)
        let looks = fleet.names.map { name in journal.steps.count { $0 == "\(name): observe" } }
        #expect(looks == Array(repeating: 3, count: count))
        #expect(fleet.allAreNew && fleet.faultsSeen.isEmpty)
    }

    /// A run broke a control plane and was lost before it could restore it: the next one begins there, though the others
    /// serve and are still to be restarted.
    @Test(arguments: [true, false]) func whatWasInterruptedComesFirst(startsNow: Bool) async throws {
        let fleet = try FakeFleet()
        let broken = fleet.machines[1]
        broken.systemd.refuse { $0.contains { $0.hasPrefix("--requestheader") } }
        let restarted = Mutex(false)
        let lost = Journal { _, step in
            if step == "cp2: restart" { restarted.withLock { $0 = true } }
            return step.hasPrefix("cp2: ") && step != "cp2: restart" && restarted.withLock { $0 }
                ? .lost : .done
        }
        #expect(await fleet.failure(lost) != nil)
        #expect(try broken.isOpen && !broken.serves, "\(lost.steps.suffix(5))")
        fleet.freeLocks()

        if startsNow { broken.systemd.refuse(nil) }
        let next = Journal()
        let failure = await fleet.failure(next)
        #expect(fleet.allServe && fleet.faultsSeen.isEmpty)
        #expect(Self.restarts(next.steps).first == "cp2: restart")
        if startsNow {
            #expect(failure == nil && fleet.allAreNew)
            #expect(Self.restarts(next.steps) == ["cp2: restart", "cp3: restart"])
        } else {
            #expect(failure?.status == .failed && !broken.isNew && !fleet.machines[2].isNew)
        }
    }

    @Test func anAPIServerThatDoesNotStartIsStartedAsBefore() async throws {
        for (index, name) in Self.names.enumerated() {
            let fleet = try FakeFleet()
            let before = fleet.files
            fleet.machines[index].systemd.refuse { $0.contains { $0.hasPrefix("--requestheader") } }
            let journal = Journal()
            let error = await fleet.failure(journal)
            #expect(error?.code == "apiserver/did-not-come-back")
            #expect(error?.status == (index == 0 ? .failed : .mixed))
            #expect(fleet.machines.map(\.isNew) == Self.names.indices.map { $0 < index })
            #expect(fleet.files[index...] == before[index...])
            #expect(Self.restarts(journal.steps).suffix(2) == ["\(name): restart", "\(name): restart"])
            #expect(fleet.allServe)
            fleet.machines[index].systemd.refuse(nil)
            try await fleet.converge()
            #expect(fleet.allAreNew && fleet.faultsSeen.isEmpty)
        }
    }

    /// Each step of each node's change in turn.
    @Test(arguments: names.indices) func whicheverStepFailsTheNodeIsAsBefore(index: Int) async throws {
        for (number, step) in try await Self.steps(of: Self.names[index]) {
            let fleet = try FakeFleet()
            let before = fleet.files
            let error = await fleet.failure(Journal(failingAt: [number]))
            let what = "at \(number), \(step): \(error.map { "\($0)" } ?? "done")"
            if let error {
                #expect(error.status == (index == 0 ? .failed : .mixed), "\(what)")
                #expect(fleet.machines.map(\.isNew) == Self.names.indices.map { $0 < index }, "\(what)")
                #expect(fleet.files[index...] == before[index...], "\(what)")
            } else {
                // What it has in force is not taken back for a copy that could not be put away.
                #expect(fleet.allAreNew, "\(what)")
            }
            #expect(fleet.allServe && fleet.faultsSeen.isEmpty, "\(what)")
            try await fleet.converge()
            #expect(try fleet.allAreNew && !fleet.machines[index].isOpen, "\(what)")
        }
    }

    /// A control plane that is down, not ready, or cannot be asked and so may be down: the plan is refused.
    @Test func nothingRestartsBesideOneThatIsDownOrUnseen() async throws {
        let ways: [(String, (FakeMachine) -> Void)] = [
            ("plan/unhealthy", { $0.systemd.end() }), ("plan/not-ready", { $0.server.become(.notReady) }),
            ("plan/readiness-unseen", { $0.server.become(.silent) }),
        ]
        for (code, end) in ways {
            let fleet = try FakeFleet()
            end(fleet.machines[1])
            let journal = Journal()
            let error = try #require(await fleet.failure(journal))
            #expect(error.code == code && error.status == .failed, "\(error)")
            let causes = [error.message] + error.details
            #expect(causes.contains { $0.contains("no other control plane is restarted") }, "\(error)")
            #expect(Self.changes(journal.steps).isEmpty && fleet.noneIsNew)
        }
    }

    /// One that stops to serve while another one restarts stops the next restart.
    @Test func nothingRestartsOnceAnotherStopsToServe() async throws {
        let fleet = try FakeFleet()
        let journal = Journal { [machines = fleet.machines] _, step in
            if step == "cp1: restart" { machines[2].server.become(.notReady) }
            return .done
        }
        let error = await fleet.failure(journal)
        #expect(error?.code == "apply/unhealthy" && error?.status == .mixed, "\(error as Any)")
        // The run ends at cp2, whose change has not begun.
        #expect(error?.nodes.dropFirst().map(\.kind) == [.untouched, .untouched], "\(error?.nodes as Any)")
        #expect(Self.restarts(journal.steps) == ["cp1: restart"])
        #expect(fleet.machines.map(\.isNew) == [true, false, false])
    }

    @Test func aNodeThatAnotherRunHasLockedStopsTheRun() async throws {
        let fleet = try FakeFleet()
        let before = fleet.files
        fleet.machines[1].lock.pass(to: "another")
        let journal = Journal()
        let error = await fleet.failure(journal)
        #expect(error?.code == "node/locked" && error?.status == .locked)
        #expect(fleet.files == before && Self.changes(journal.steps).isEmpty)
        // What was locked already is let go.
        #expect(fleet.machines.map { $0.lock.holder } == [nil, "another", nil])
    }

    /// A node's lock is lost at each of the steps of its change: from then on nothing is done to it, nor to those behind it.
    @Test func afterALostLockNothingIsChanged() async throws {
        // Between the look at the lock and a restart, nobody can see that it is lost.
        for (number, step) in try await Self.steps(of: "cp2") where step != "cp2: reset-failed" {
            let fleet = try FakeFleet()
            let journal = Journal { at, _ in at == number ? .lockLost : .done }
            let error = await fleet.failure(journal)
            let later = Self.changes(journal.steps[number...])
            let what = "at \(number), \(step): \(error.map { "\($0)" } ?? "done"): \(later)"
            if let error {
                #expect(error.status == .mixed, "\(what)")
                #expect(!later.contains { $0.hasPrefix("cp3") }, "\(what)")
            }
            #expect(!later.contains("cp2: daemon-reload") && !later.contains("cp2: restart"), "\(what)")
            #expect(fleet.allServe && fleet.faultsSeen.isEmpty, "\(what)")
            fleet.freeLocks()
            try await fleet.converge()
            #expect(fleet.allAreNew && fleet.faultsSeen.isEmpty, "\(what)")
        }
    }

    /// The change stands although its proofs could not be made, and the exit status says so.
    @Test func proofsThatCannotBeMadeAreNoFailureOfTheChange() async throws {
        let fleet = try FakeFleet()
        let journal = Journal { [fleet] _, step in
            step == "cp3: observe" && fleet.allAreNew ? .failed : .done
        }
        let error = await fleet.failure(journal)
        #expect(error?.code == "node/system" && error?.status == .proofFailed)
        #expect(fleet.allAreNew && fleet.allServe)
        #expect(try await fleet.isConverged)
    }
}
