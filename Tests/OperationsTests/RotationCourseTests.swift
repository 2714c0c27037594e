// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Operations
@testable import Values

/// The exit status of a rotation that stops is true of all control planes, and not only of its last stage.
@Suite struct RotationCourseTests {
    /// A rotation of three control planes in which a step fails.
    /// - Returns: the error that it stops with.
    private func stopped(
        _ fleet: FakeFleet, at step: @escaping @Sendable (String) -> Bool = { _ in false }
    ) async -> BootstrapError? {
        do {
            try await fleet.rotate(Journal { step($1) ? .failed : .done })
            return nil
        } catch { return error as? BootstrapError }
    }

    private func fleet() async throws -> FakeFleet {
        let fleet = try FakeFleet()
        try await fleet.converge()
        return fleet
    }

    @Test func onNoNodeNothingHasChanged() async throws {
        let fleet = try await fleet()
        fleet.machines[2].server.become(.notReady)
        let error = await stopped(fleet)
        #expect(error?.code == "rotation/unhealthy" && error?.status == .failed)
    }

    /// Some trust both CAs already: that is no longer true of all, whatever stops this run or the next one.
    @Test func someNodesAreAhead() async throws {
        let fleet = try await fleet()
        let first = await stopped(fleet) { $0 == "cp2: stage aggregator-ca.pem" }
        #expect(first?.code == "node/system" && first?.status == .mixed)
        fleet.machines[2].server.become(.notReady)
        let second = await stopped(fleet)
        #expect(second?.code == "rotation/unhealthy" && second?.status == .mixed, "\(second as Any)")
    }

    /// All trust both CAs, and the first new certificate was put back.
    @Test func allNodesAreAtOneStage() async throws {
        let fleet = try await fleet()
        let first = await stopped(fleet) { $0.hasPrefix("cp1: rename") && $0.contains("aggregator-key.pem") }
        #expect(first?.code == "node/system" && first?.status == .proofFailed, "\(first as Any)")
        // It was changed by the run before.
        fleet.machines[2].server.become(.notReady)
        #expect(await stopped(fleet)?.status == .failed)
        fleet.machines[2].server.become(.ready)
        #expect(await stopped(fleet) == nil)
    }

    private let gate = BootstrapError("rotation/laggard", status: .proofFailed, "a gate", hint: "do it")
    private let away = BootstrapError(
        "rotation/unhealthy", "cp3: it does not serve", details: ["line"],
        nodes: [NodeResult("cp3", .untouched)])

    private func outcome(_ results: [ApplyOutcome.Node]) -> ApplyOutcome {
        var outcome = ApplyOutcome()
        outcome.nodes = results.enumerated().map { ("cp\($0.offset + 1)", $0.element) }
        return outcome
    }

    @Test func beforeAnythingChanged() {
        let stopped = RotationCourse().stopped(by: away)
        #expect(stopped.status == .failed && stopped.code == away.code && stopped.message == away.message)
        #expect(
            stopped.details == away.details && stopped.nodes == away.nodes
                && RotationCourse().stopped(by: gate).hint == "do it")
    }

    @Test func allHaveChangedAlike() {
        var course = RotationCourse()
        course.applied(outcome([.unchanged, .changed(files: 1, removed: 0, restarted: false)]))
        #expect(course.stopped(by: away).status == .proofFailed)
        #expect(course.stopped(by: gate).status == .proofFailed)
    }

    @Test func nothingHadToChange() {
        var course = RotationCourse()
        course.applied(outcome([.unchanged, .unchanged]))
        #expect(course.stopped(by: away).status == .failed)
    }

    @Test func aLockStaysALock() {
        let locked = BootstrapError("node/locked", status: .locked, "locked by another")
        #expect(RotationCourse().stopped(by: locked).status == .locked)
    }
}
