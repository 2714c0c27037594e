// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import ControlPlane
@testable import NodeAccess
@testable import Operations
@testable import Planning
@testable import Spec
@testable import SystemdBus
@testable import Values

/// What a run does with the signals that ask it to stop, and with two threads that want the same node.
@Suite(.serialized) struct StopRequestTests {
    private static let numbers = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    /// Whether each signal has its default action in this process.
    private func defaults() -> [Bool] {
        Self.numbers.map { number in
            var action = sigaction()
            sigaction(number, nil, &action)
            return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 0
        }
    }

    /// A signal that did its usual work before does it again afterwards: else a ^C would be swallowed for good.
    @Test func signalsDoAgainWhatTheyDid() async throws {
        // A test of another suite may listen in the same process meanwhile.
        for _ in 0..<100 {
            let before = defaults()
            let request = StopRequest { _ in }
            let meanwhile = defaults()
            request.restore()
            if before.contains(true), !meanwhile.contains(true), defaults() == before { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("the signals never did again what they did before")
    }

    /// A run may begin to listen again: `rotate --ca` does, first while it looks and then while it works.
    @Test func theNextOneHearsThemToo() async {
        await #expect(processExitsWith: .success) {
            for _ in 0..<3 {
                let request = StopRequest { _ in }
                kill(getpid(), SIGHUP)
                for _ in 0..<1000 where !request.isStopped { usleep(10_000) }
                guard request.isStopped else { exit(1) }
                request.restore()
            }
            exit(0)
        }
    }

    /// A wait of a run that was asked to stop ends with the error that says so.
    @Test func aWaitEndsWhereTheRunIsToStop() async throws {
        let directory = try TemporaryDirectory()
        var controlPlanes = try Run(
            RunRequest(root: directory.file("tree")), effects: .real { _ in }
        ).controlPlanes
        try await controlPlanes.pause(.zero)
        let request = StopRequest { _ in }
        defer { request.restore() }
        controlPlanes.stop = request
        try controlPlanes.refuseStopped()
        request.receive(SIGHUP, .node) { _ in }
        // Longer than any test may take.
        let error = await #expect(throws: BootstrapError.self) {
            try await controlPlanes.pause(.seconds(3600))
        }
        #expect(error?.code == "rotation/stopped" && error?.hint?.contains("rotate --ca") == true)
    }

    /// Of two callers that want the same node at once, one connects and the other waits for it.
    @Test func oneOfTwoCallersConnects() async throws {
        let inside = Mutex((now: 0, most: 0))
        let second = DispatchSemaphore(value: 0)
        var effects = Effects.real { _ in }
        effects.systemBus = {
            let isSecond = inside.withLock { inside in
                inside.now += 1
                inside.most = max(inside.most, inside.now)
                return inside.now > 1
            }
            if isSecond { second.signal() } else { _ = second.wait(timeout: .now() + .milliseconds(300)) }
            inside.withLock { $0.now -= 1 }
            throw BootstrapError("test/no-bus", "there is no bus here")
        }
        let links = NodeLinks(root: nil, .systemd, effects)
        let node = try Run(RunRequest(root: try TemporaryDirectory().path), effects: .real { _ in }).spec
            .nodes[0]
        let results = await concurrently([node, node], atMost: 2) { try links.link($0) }
        for result in results { #expect(throws: BootstrapError.self) { try result.get() } }
        #expect(inside.withLock(\.most) == 1)
    }
}
