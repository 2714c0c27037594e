// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Operations
@testable import Values

/// The exit status of a rotation that stops is true of all control planes, and not only of its last stage.
@Suite struct RotationCourseTests {
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

    @Test func someAreAhead() {
        var course = RotationCourse()
        let failed = outcome([.changed(files: 2, removed: 0, restarted: false), .failed(away), .untouched])
        course.applied(failed)
        #expect(failed.failure.map { course.stopped(by: $0).status } == .mixed)
    }

    @Test func aLockStaysALock() {
        let locked = BootstrapError("node/locked", status: .locked, "locked by another")
        #expect(RotationCourse().stopped(by: locked).status == .locked)
    }
}
