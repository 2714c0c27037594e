// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import LocalFiles
@testable import Operations
@testable import PKI
@testable import Planning
@testable import Secrets
@testable import Spec
@testable import StateStore
@testable import SystemdUnits
@testable import Values

/// `rotate --ca` of control planes whose CA, certificate, key or allowed names are others than the spec's: out of a CA
/// that is shared with clients, and to the spec's paths and names, with one restart after the other.
@Suite(.serialized, .timeLimit(.minutes(8))) struct RotationMoveTests {
    enum Start: CaseIterable {
        case sharedCA
        case elsewhere
        case otherName

        var setup: FakeSetup {
            get throws {
                switch self {
                case .sharedCA: try .sharedCA()
                case .elsewhere: try .elsewhere()
                case .otherName: try .otherName()
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
        // As the command does it: everything is renewed.
        try await fleet.rotate(journal) { $0.request.options.renewal = .always }
        // A copy where it is moved, and the new one.
        let keys = journal.steps.count { $0.hasPrefix("cp1: rename") && $0.contains("aggregator-key.pem") }
        #expect(keys == (start == .otherName ? 1 : 2), "each certificate is issued once")
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
        for seed in 0..<5 { try await goWrong(start, UInt64(seed)) }
    }

    private func goWrong(_ start: Start, _ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let fleet = try Self.fleet(start)
        let isDone = try await fleet.rotateGoingWrong("\(start) \(seed)", within: 380, &random) {
            try Self.check(fleet, $0)
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

    // MARK: - What is refused before the first restart

    private static let directory = "/etc/kubernetes/ssl"

    /// What kube-apiserver would not start with a copy of, or what nobody could allow.
    @Test(
        arguments: [
            ("ln -sf ../proxy-real.pem proxy.pem", "rotation/no-pair"),
            ("rm proxy-key.pem", "rotation/no-pair"),
            ("cat proxy-key.pem >>proxy.pem", "rotation/no-pair"),
            ("openssl ecparam -name prime256v1 -genkey -noout -out proxy-key.pem", "rotation/no-pair"),
            ("cp ca.pem aggregator.pem", "rotation/target-exists"),
            ("cp proxy-key.pem aggregator-key.pem", "rotation/target-exists"),
            ("cp ca.pem aggregator-ca.pem", "rotation/target-exists"),
            (
                "openssl req -x509 -key proxy-key.pem -subj /O=k8s -days 9 -out proxy.pem",
                "rotation/other-name"
            ),
        ])
    func nothingIsRestarted(_ damage: String, _ code: String) async throws {
        let fleet = try Self.fleet(.sharedCA)
        let place = fleet.machines[1].root + Self.directory
        let made = try run(
            "sh", ["-c", "cp proxy.pem ../proxy-real.pem; \(damage)"], currentDirectory: place)
        #expect(made.status == 0, "\(made.stderr)")
        let files = fleet.machines.map(\.files)
        let journal = Journal()
        let error = await #expect(throws: BootstrapError.self) { try await fleet.rotate(journal) }
        #expect(error?.code == code, "\(error.map { "\($0)" } ?? "")")
        #expect(!journal.steps.contains { $0.hasSuffix(": restart") })
        #expect(fleet.machines.map(\.files) == files && fleet.allServe)
    }

    /// Written in another way they are the spec's all the same: nothing is moved, and nothing is restarted.
    @Test func theSpecsPathsInAnotherForm() async throws {
        var setup = try FakeSetup.sameSubject()
        setup.flags = setup.flags.map {
            $0.replacing("/etc/kubernetes/ssl/", with: "/etc//kubernetes/./ssl/")
        }
        let fleet = try FakeFleet(setup: setup)
        let journal = Journal()
        try await fleet.rotate(journal)
        #expect(!journal.steps.contains { $0.hasSuffix(": restart") })
        #expect(try await fleet.isConverged && fleet.allServe)
    }

    /// A kube-apiserver from 1.23 on watches its files; those at the spec's paths are not there before the move.
    @Test(arguments: Start.allCases) func theyWatchTheirFiles(_ start: Start) async throws {
        var setup = try start.setup
        setup.watchesFiles = true
        let fleet = try FakeFleet(setup: setup)
        try await fleet.rotate()
        try Self.check(fleet, "at the end")
        try await Self.expectEnd(of: fleet, "at the end")
    }

    /// Other programs may use a CA that goes on lying where it was.
    @Test func theOldCAsKeyBesideTheOldPathStays() async throws {
        let authority = try FakeAuthority("front-proxy-ca")
        var setup = try FakeSetup.elsewhere(authority)
        setup.files["front-proxy-ca.key"] = authority.keyPEM
        setup.files["front-proxy-ca-key.pem"] = try FakeAuthority("another").keyPEM
        let fleet = try FakeFleet(setup: setup)
        // Ended by the run behind the one that moved it.
        let journal = Journal { _, what in what.contains("cp3: restart") ? .lostBehind : .done }
        _ = try? await fleet.rotate(journal)
        fleet.freeLocks()
        try await fleet.rotate()
        for machine in fleet.machines {
            #expect(machine.file("front-proxy-ca.key") == authority.keyPEM, "\(machine.name)")
            #expect(machine.file("front-proxy-ca-key.pem") != nil, "of another CA: \(machine.name)")
        }
        try await Self.expectEnd(of: fleet, "at the end")
    }

    /// What is said before anything is done names the restarts; and what a stolen key of the client CA stays good for.
    @Test func whatIsSaidBefore() async throws {
        let fleet = try Self.fleet(.sharedCA)
        var options = RotationOptions()
        options.acceptsUnseenExtensions = true
        let (asked, none) = try await CARotation(fleet.run(), options: options).preview(isAbort: false)
        let directory = "/etc/kubernetes/ssl"
        #expect(asked.parts.contains(.move(from: ["\(directory)/ca.pem", "\(directory)/proxy.pem"])))
        #expect(none == nil)
        options.cause = .compromisedCA
        let lost = try await CARotation(fleet.run(), options: options).preview(isAbort: false).1
        let subject = try FakeAPIServer.clientAuthority.get().certificate.summary.subject
        #expect(lost?.clientCAs == [subject])
        let apart = try await CARotation(Self.fleet(.elsewhere).run(), options: options).preview(
            isAbort: false)
        #expect(apart.1?.clientCAs == [])
        try await fleet.rotate()
        let after = try await CARotation(fleet.run(), options: options).preview(isAbort: false)
        #expect(
            after.1?.clientCAs == [] && !after.0.parts.contains { if case .move = $0 { true } else { false } }
        )
    }

    /// `init` could not bring it in: it would be sent back here.
    @Test(arguments: [FakeSetup.sharedCA, FakeSetup.otherName])
    func oneWithoutTheLayer(_ setup: @Sendable () throws -> FakeSetup) async throws {
        let fleet = try FakeFleet(setup: setup())
        let new = fleet.machines[2]
        let bare = try FakeMachine(new.name, in: TemporaryDirectory())
        let unit = UnitPaths.unit(FakeFleet.unit)
        let text = try #require(try FileReader.read(bare.root + unit))
        try fleet.directory.write(String(decoding: text, as: UTF8.self), to: new.name + unit)
        new.systemd.daemonReload()
        _ = new.systemd.restart()
        for file in ["aggregator.pem", "aggregator-key.pem", "aggregator-ca.pem"] {
            try? FileManager.default.removeItem(atPath: "\(new.root)\(Self.directory)/\(file)")
        }
        let error = await #expect(throws: BootstrapError.self) { try await fleet.rotate() }
        #expect(error?.code == "rotation/no-aggregation")
        #expect(error?.hint?.hasPrefix("remove it from the spec until this is done") == true)
    }

    @Test func aKubeAPIServerThatNamesNoPair() async throws {
        var setup = try FakeSetup.sharedCA()
        setup.flags.removeAll { $0.hasPrefix("--proxy-client") }
        let fleet = try FakeFleet(setup: setup)
        let error = await #expect(throws: BootstrapError.self) { try await fleet.rotate() }
        #expect(error?.code == "rotation/no-pair" && fleet.allServe)
    }

    // MARK: - What was broken off

    /// Killed in a restart that does not come up: the next run brings it up and goes on, on one control plane and on three.
    @Test(arguments: [["cp1"], ["cp1", "cp2", "cp3"]])
    func killedWhileOneIsDown(_ names: [String]) async throws {
        let fleet = try FakeFleet(names, setup: .sharedCA())
        fleet.machines[0].systemd.refuse { _ in true }
        let journal = Journal { _, what in what == "cp1: restart" ? .lostBehind : .done }
        _ = try? await fleet.rotate(journal)
        #expect(!fleet.machines[0].serves && (names.count == 1 || fleet.machines[1].serves))
        fleet.freeLocks()
        fleet.machines[0].systemd.refuse(nil)
        try await fleet.rotate()
        try Self.check(fleet, "\(names)")
        try await Self.expectEnd(of: fleet, "\(names)")
    }

    /// The same while names are widened in a stage of the rotation itself: what was in effect before is started again.
    @Test func killedWhileOneIsDownInAStage() async throws {
        let fleet = try Self.fleet(.otherName)
        fleet.machines[1].systemd.refuse { _ in true }
        let journal = Journal { _, what in what == "cp2: restart" ? .lostBehind : .done }
        _ = try? await fleet.rotate(journal)
        #expect(!fleet.machines[1].serves && fleet.machines[0].serves && fleet.machines[2].serves)
        fleet.freeLocks()
        fleet.machines[1].systemd.refuse(nil)
        try await fleet.rotate()
        try Self.check(fleet, "at last")
        try await Self.expectEnd(of: fleet, "at last")
    }

    /// Which command lines keep a key from being removed.
    @Test(
        arguments: [
            (["x", "--key=/a/ca.key"], true), (["x", "-k", "/a//./ca.key"], true), (["x", "ca.key"], true),
            (["x", "--keys", "/b/ca.crt,/a/ca.key:name"], true), (["/a/ca.key"], false),
            (["x", "--key=/b/ca.key"], false), (["x", "/a/ca.key2"], false),
        ])
    func whoUsesAKey(_ arguments: [String], _ isUser: Bool) {
        #expect(RetiredCAKeys.names("/a/ca.key", arguments) == isUser)
    }

    /// The same with a CA between: what none of ours has signed is the old CA's.
    @Test func theWayBackToCertificatesOfAnIntermediateCA() async throws {
        var setup = try FakeSetup.otherName()
        let (root, between) = try (FakeAuthority("front-proxy-ca"), FakeAuthority("between"))
        let signed = try root.sign(between)
        let (leaf, key) = try FakeAuthority(signed, of: between).client("front-proxy-client")
        setup.files["aggregator-ca.pem"] = root.certificate.pem
        setup.files["aggregator.pem"] = leaf.pem + signed.pem
        setup.files["aggregator-key.pem"] = key.pem.withUnsafeBytes { Array($0) }
        try await calledOff(FakeFleet(setup: setup), root.certificate.pem)
    }

    private func calledOff(_ fleet: FakeFleet, _ ca: [UInt8]) async throws {
        let journal = Journal { _, what in what.contains("rename aggregator-ca.pem") ? .lostBehind : .done }
        _ = try? await fleet.rotate(journal)
        fleet.freeLocks()
        #expect(try fleet.run().openRotation().isEmpty == false)
        #expect(try await CARotation(fleet.run(), options: .init()).callOff(nil))
        #expect(try await fleet.rotate().direction == .back)
        #expect(fleet.allServe && fleet.machines.allSatisfy { $0.file("aggregator-ca.pem") == ca })
    }

    /// Certificates of makers who leave the authority's key identifier out are the old CA's all the same.
    @Test func theWayBackToCertificatesWithoutKeyIdentifiers() async throws {
        var setup = try FakeSetup.otherName()
        let authority = try FakeAuthority("front-proxy-ca")
        setup.files["aggregator-ca.pem"] = authority.certificate.pem
        setup.files["aggregator.pem"] = try authority.signWithoutIdentifiers(
            "front-proxy-client", key: #require(setup.files["aggregator-key.pem"]))
        try await calledOff(FakeFleet(setup: setup), authority.certificate.pem)
    }

    /// Called off, what is proven is that the old certificates are accepted: under the names that they have.
    @Test func theWayBackKeepsTheNames() async throws {
        let fleet = try Self.fleet(.otherName)
        let journal = Journal { _, what in what.contains("rename aggregator-key.pem") ? .lost : .done }
        _ = try? await fleet.rotate(journal)
        fleet.freeLocks()
        #expect(try fleet.run().openRotation().isEmpty == false)
        let rotation = CARotation(try fleet.run(), options: .init())
        #expect(try await rotation.callOff(nil))
        let ended = try await fleet.rotate()
        #expect(ended.direction == .back && fleet.allServe)
        #expect(ended.run.spec.requestHeader.allowedNames.contains("front-proxy-client"))
        try Self.check(fleet, "back again")
    }

    // MARK: - After it

    /// Handshakes name the client CA for ever, and so they seem to name a CA that has its subject.
    @Test func aCAWithTheClientCAsSubject() async throws {
        let fleet = try FakeFleet(["cp1"], setup: .sameSubject())
        #expect(try await fleet.rotate().direction == .forward)
        #expect(try await fleet.isConverged && fleet.allServe)
    }

    /// The unit's own flags would name the CA that everybody with a client certificate has.
    @Test func uninstallDoesNotBringItBack() async throws {
        let fleet = try Self.fleet(.sharedCA)
        try await fleet.rotate()
        let files = fleet.machines.map(\.files)
        let error = await #expect(throws: BootstrapError.self) { try await fleet.uninstall() }
        #expect(error?.code == "uninstall/other-flags", "\(error.map { "\($0)" } ?? "")")
        #expect(fleet.machines.map(\.files) == files && fleet.allServe)
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
