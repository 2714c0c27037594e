// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import LocalFiles
@testable import Operations
@testable import PKI
@testable import Planning
@testable import StateStore
@testable import SystemdUnits
@testable import Values

/// `rotate --ca` of control planes whose CA, certificate, key or allowed names are others than the spec's: out of a CA
/// that is shared with clients, and to the spec's paths and names, with one restart after the other.
@Suite(.serialized, .timeLimit(.minutes(8))) struct RotationMoveTests {
    enum Start: CaseIterable {
        case sharedCA
        case elsewhere

        var setup: FakeSetup {
            get throws {
                switch self {
                case .sharedCA: try .sharedCA()
                case .elsewhere: try .elsewhere()
                }
            }
        }
    }

    private static func fleet(_ start: Start) throws -> FakeFleet { try FakeFleet(setup: start.setup) }

    @Test(arguments: Start.allCases) func theyAreLedOut(_ start: Start) async throws {
        let fleet = try Self.fleet(start)
        let before = fleet.machines.map { $0.file("ca.pem") }
        #expect(await fleet.failure()?.code == "plan/foreign-ca")
        let journal = Journal()
        #expect(try await fleet.rotate(journal).direction == .forward)
        try Self.check(fleet, "at the end")
        try await Self.expectEnd(of: fleet, "at the end")
        #expect(fleet.machines.map { $0.file("ca.pem") } == before, "the client CA's file is not ours")
        // Those are restarted for the flags, one after the other: once for the paths; where other names were allowed, once
        // more for the last name.
        let restarts = journal.steps.filter { $0.hasSuffix(": restart") }
        let rounds = start == .sharedCA ? 1 : 2
        #expect(restarts == (0..<rounds).flatMap { _ in fleet.names.map { "\($0): restart" } })
    }

    /// Killed, failed or unheard anywhere, the next run comes to the same end; nobody is refused on the way.
    @Test(arguments: Start.allCases) func whateverGoesWrongTheNextRunContinues(_ start: Start) async throws {
        for seed in 0..<10 { try await goWrong(start, UInt64(seed)) }
    }

    private func goWrong(_ start: Start, _ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let fleet = try Self.fleet(start)
        var isDone = false
        for attempt in 0..<3 where !isDone {
            let step = Int.random(in: 1...380, using: &random)
            let fates: [Journal.Fate] = [.failed, .lost, .lostBehind, .lockLost]
            let fate = fates.randomElement(using: &random) ?? .failed
            let journal = Journal { number, _ in number == step ? fate : .done }
            var error: (any Error)?
            do {
                try await fleet.rotate(journal)
                isDone = true
            } catch let failure { error = failure }
            let place = journal.steps.count >= step ? journal.steps[step - 1] : "nowhere"
            try Self.check(
                fleet,
                "\(start) \(seed): \(fate) at \(step), \(place), attempt \(attempt): \(error.map { "\($0)" } ?? "done")"
            )
            fleet.freeLocks()
        }
        let what = "\(start) \(seed), at last"
        if try !isDone || fleet.run().openRotation().isEmpty == false {
            do { try await fleet.rotate() } catch {
                // One that is over and has still to allow fewer names says that this is the next init's.
                #expect(ErrorReport(error).code == "rotation/interrupted", "\(what): \(error)")
                #expect(try Ledger(state: fleet.run().state).openRotation() == nil, "\(what)")
            }
        }
        try Self.check(fleet, what)
        // Copies that could not be put away are the next init's.
        try await fleet.converge()
        try await Self.expectEnd(of: fleet, what)
    }

    /// What holds at the end: the spec's paths and names, and one CA, which is of the state.
    private static func expectEnd(of fleet: FakeFleet, _ what: String) async throws {
        let inventory = try fleet.run().state.inventory()
        let issued = inventory.generations.filter { $0.standing == .issued }
        #expect(issued.count == 1, "\(what)")
        for machine in fleet.machines {
            let flags = EffectiveFlags.parse(commandLine: machine.systemd.running ?? [])
            #expect(
                flags.string("requestheader-client-ca-file") == "/etc/kubernetes/ssl/aggregator-ca.pem",
                "\(what)")
            #expect(flags.list("requestheader-allowed-names") == ["aggregator"], "\(what)")
            let trusted = try Certificate.parseBundle(
                pem: #require(machine.file("aggregator-ca.pem")), path: machine.name)
            #expect(
                trusted.map(\.summary.fingerprintSHA256) == issued.map(\.certificate.fingerprintSHA256),
                "\(what)")
        }
        #expect(fleet.allServe && fleet.faultsSeen.isEmpty, "\(what): \(fleet.faultsSeen)")
        #expect(try await fleet.isConverged, "\(what)")
    }

    /// What each kube-apiserver that runs presents is taken by each of them, by its CA and by its name.
    private static func check(_ fleet: FakeFleet, _ what: String) throws {
        let running = try fleet.machines.filter { try !$0.isOpen }.map { machine in
            (machine, EffectiveFlags.parse(commandLine: machine.systemd.running ?? []))
        }
        for (one, flags) in running {
            let leaf = try certificates(one, flags.string("proxy-client-cert-file"))[0]
            for (other, its) in running {
                let bundle = try certificates(other, its.string("requestheader-client-ca-file"))
                #expect(throws: Never.self, "\(one.name) at \(other.name), \(what)") {
                    try ChainVerifier.verify(
                        leaf: leaf, intermediates: [], bundle: bundle,
                        at: leaf.summary.notBefore.advanced(bySeconds: 3600))
                }
                let names = its.list("requestheader-allowed-names") ?? []
                #expect(
                    names.isEmpty || names.contains(leaf.summary.commonName ?? ""),
                    "\(one.name) at \(other.name), \(what)")
            }
        }
    }

    private static func certificates(_ machine: FakeMachine, _ path: String?) throws -> [Certificate] {
        let path = try #require(path)
        return try Certificate.parseBundle(
            pem: #require(try FileReader.read(machine.root + path)), path: path)
    }
}
