// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import ControlPlane
@testable import Operations
@testable import Planning
@testable import Values

/// Changes of three control planes that go wrong as a seeded draw says, or of which several run at once: what must never be
/// is not seen, the exit status is true, and the next run comes to the same end.
@Suite struct RolloutSeedTests {
    /// The draws are made in so many rows at once, each in its own order: the threads of hundreds at once would be too many.
    private static let lanes = 2

    /// What holds when a run has ended, however it did.
    private func check(
        _ fleet: FakeFleet, _ before: [[String: [UInt8]?]], _ error: ErrorReport?, _ what: String
    ) throws {
        let open = try fleet.machines.filter { try $0.isOpen }.map(\.name)
        #expect(fleet.faultsSeen.isEmpty, "\(what)")
        for machine in fleet.machines where !open.contains(machine.name) {
            let isOld = machine.files["drop-in"] == .some(.none)
            #expect(
                isOld != machine.files.values.allSatisfy { $0 != nil }, "\(machine.name) is mixed \(what)")
            #expect(machine.isNew != isOld, "\(machine.name) runs with other files than it has \(what)")
            #expect(machine.serves, "\(machine.name) does not serve \(what)")
        }
        switch error?.status {
        // A change in force stays open if its copies could not be put away; the next run does that.
        case nil, .proofFailed?: #expect(fleet.allAreNew, "\(what)")
        case .failed?, .locked?: #expect(open.isEmpty == false || fleet.files == before, "\(what)")
        case .mixed?:
            #expect(!open.isEmpty || !fleet.allAreNew && !fleet.noneIsNew, "\(what)")
        default: Issue.record("an unexpected exit status: \(what)")
        }
    }

    /// It is run again until nothing is left to do.
    private func converge(_ fleet: FakeFleet, _ seed: Int) async throws {
        let what: Comment = "seed \(seed), at last"
        try await fleet.converge()
        #expect(fleet.allAreNew && fleet.allServe && fleet.faultsSeen.isEmpty, what)
        for machine in fleet.machines { #expect(try !machine.isOpen && machine.hasWholePair, what) }
        #expect(try await fleet.isConverged, what)
    }

    /// One run or two in a row that something stops: a step fails, the connections break before or behind it as when the
    /// run is killed, a lock is lost, or an API server does not start with the change.
    @Test(arguments: 0..<lanes) func whateverGoesWrongTheNextRunContinues(lane: Int) async throws {
        for seed in stride(from: lane, to: 220, by: Self.lanes) { try await goWrong(seed) }
    }

    private func goWrong(_ seed: Int) async throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let fleet = try FakeFleet()
        for attempt in 0..<(seed % 3 == 0 ? 2 : 1) {
            let before = fleet.files
            let step = Int.random(in: 1...110, using: &random)
            let fates: [Journal.Fate] = [.failed, .lost, .lostBehind, .lockLost, .done]
            let fate = fates.randomElement(using: &random) ?? .failed
            let broken = Int.random(in: 0..<3, using: &random)
            if fate == .done {
                fleet.machines[broken].systemd.refuse { $0.contains { $0.hasPrefix("--requestheader") } }
            }
            let journal = Journal { number, _ in number == step ? fate : .done }
            let error = await fleet.failure(journal)
            let place = journal.steps.count >= step ? journal.steps[step - 1] : "nowhere"
            try check(
                fleet, before, error,
                "seed \(seed): \(fate) at \(step), \(place), attempt \(attempt), broken \(broken): \(error.map { "\($0)" } ?? "done")"
            )
            fleet.freeLocks()
            for machine in fleet.machines { machine.systemd.refuse(nil) }
            if error == nil { break }
        }
        try await converge(fleet, seed)
    }

    /// Two or three runs at once, their steps in a drawn order: one changes the nodes, the others are refused or find it done.
    @Test(arguments: 0..<lanes) func runsAtOnceDoNotMix(lane: Int) async throws {
        for seed in stride(from: lane, to: 80, by: Self.lanes) { try await runAtOnce(seed) }
    }

    private func runAtOnce(_ seed: Int) async throws {
        let fleet = try FakeFleet()
        let count = 2 + seed % 2
        let turns = Turns(count, seed: seed)
        let errors = await withTaskGroup(of: ErrorReport?.self) { group in
            for number in 0..<count {
                // A run blocks until it is its turn.
                group.addTask(executorPreference: NodeThread("run \(number)")) {
                    let journal = Journal { _, _ in
                        turns.take(number)
                        return .done
                    }
                    let error = await fleet.failure(journal)
                    turns.end(number)
                    return error
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let statuses = errors.map { $0?.status ?? .done }
        let what: Comment = "seed \(seed): \(errors)"
        #expect(statuses.allSatisfy { $0 == .done || $0 == .locked }, what)
        #expect(fleet.faultsSeen.isEmpty, what)
        for machine in fleet.machines { #expect(try !machine.isOpen && machine.serves, what) }
        #expect(fleet.machines.allSatisfy { $0.systemd.restarts <= 1 }, what)
        // Who was refused left nothing behind.
        try await converge(fleet, seed)
    }
}
