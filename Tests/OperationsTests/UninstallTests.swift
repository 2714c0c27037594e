// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import ControlPlane
@testable import Operations
@testable import Planning
@testable import Spec
@testable import StateStore
@testable import SystemdUnits
@testable import Values

/// The layer is taken away in the order of a rollout, and only what is ours.
@Suite struct UninstallTests {
    private static let ssl = "/etc/kubernetes/ssl"

    private static func fleet() async throws -> FakeFleet {
        let fleet = try FakeFleet()
        try await fleet.converge()
        return fleet
    }

    private static func isBare(_ fleet: FakeFleet) -> Bool {
        fleet.noneIsNew && fleet.files.allSatisfy { $0.values.allSatisfy { $0 == nil } }
    }

    /// Nothing of earlier changes is kept on a node, copies of keys least of all.
    private static func keptOnNodes(_ fleet: FakeFleet) throws -> String {
        let line = "find . -path '*var/lib/aggbootstrap-node*'"
        return try run("bash", ["-c", line], currentDirectory: fleet.directory.path).stdout
    }

    @Test func oneAfterTheOther() async throws {
        let fleet = try FakeFleet()
        let before = fleet.files
        try await fleet.converge()
        let journal = Journal()
        let result = try await fleet.uninstall(journal)
        #expect(result.outcome.filesRemoved == 12 && result.outcome.restarts == 3)
        #expect(journal.steps.filter { $0.hasSuffix(": restart") } == fleet.names.map { "\($0): restart" })
        #expect(result.proofs.count == 3)
        #expect(result.proofs.flatMap(\.proofs).allSatisfy { $0.outcome == .passed }, "\(result.proofs)")
        #expect(fleet.files == before && Self.isBare(fleet) && fleet.allServe && fleet.faultsSeen.isEmpty)
        #expect(try Self.keptOnNodes(fleet) == "")
        // Once more finds nothing; init brings the same CA back.
        let again = try await fleet.uninstall()
        #expect(again.preparation.plan.isEmpty && again.outcome.restarts == 0)
        try await fleet.converge()
        #expect(fleet.allAreNew && fleet.faultsSeen.isEmpty)
        #expect(try await fleet.isConverged)
    }

    /// The removal of files comes behind the restart: the old process could not start again without them.
    @Test func certificatesGoLast() async throws {
        let fleet = try await Self.fleet()
        let journal = Journal()
        try await fleet.uninstall(journal)
        let steps = journal.steps.filter { $0.hasPrefix("cp1: ") }
        let restart = try #require(steps.firstIndex(of: "cp1: restart"))
        let removals = steps.indices.filter { steps[$0] == "cp1: remove aggregator-key.pem" }
        #expect(removals.allSatisfy { $0 > restart } && !removals.isEmpty, "\(steps)")
    }

    @Test func oneOfThemAndTheRest() async throws {
        let fleet = try await Self.fleet()
        try await fleet.uninstall { $0 = $0.limited(to: ["cp2"]) }
        #expect(fleet.machines.map(\.isNew) == [true, false, true])
        try await fleet.uninstall()
        #expect(Self.isBare(fleet) && fleet.allServe && fleet.faultsSeen.isEmpty)
    }

    /// An API server that does not start without the flags gets them back, and no other one is touched.
    @Test func oneThatDoesNotStart() async throws {
        for (index, name) in ["cp1", "cp2", "cp3"].enumerated() {
            let fleet = try await Self.fleet()
            let before = fleet.files
            fleet.machines[index].systemd.refuse { !$0.contains { $0.hasPrefix("--requestheader") } }
            let report = await FakeFleet.report { try await fleet.uninstall() }
            #expect(report?.code == "apiserver/did-not-come-back", "\(name)")
            #expect(report?.status == (index == 0 ? .failed : .mixed))
            #expect(fleet.files[index...] == before[index...] && fleet.allServe)
            #expect(fleet.machines.map(\.isNew) == (0..<3).map { $0 >= index })
            fleet.machines[index].systemd.refuse(nil)
            try await fleet.uninstall()
            #expect(Self.isBare(fleet) && fleet.faultsSeen.isEmpty)
        }
    }

    /// Stopped at any step, it goes on where it is run again, and init still leads back.
    @Test(arguments: [true, false]) func whateverGoesWrong(goesOn: Bool) async throws {
        for seed in 0..<60 {
            var random = SeededGenerator(seed: UInt64(seed))
            let fleet = try await Self.fleet()
            let step = Int.random(in: 1...90, using: &random)
            let fates: [Journal.Fate] = [.failed, .lost, .lostBehind, .lockLost]
            let fate = fates.randomElement(using: &random) ?? .failed
            let journal = Journal { number, _ in number == step ? fate : .done }
            let report = await FakeFleet.report { try await fleet.uninstall(journal) }
            let what: Comment = "seed \(seed): \(fate) at \(step): \(report?.message ?? "done")"
            #expect(fleet.faultsSeen.isEmpty, what)
            for machine in fleet.machines where try !machine.isOpen { #expect(machine.serves, what) }
            fleet.freeLocks()
            if goesOn {
                try await fleet.uninstall()
                #expect(Self.isBare(fleet), what)
                #expect(try Self.keptOnNodes(fleet) == "", what)
            } else {
                try await fleet.converge()
                #expect(fleet.allAreNew, what)
                #expect(try await fleet.isConverged, what)
            }
            #expect(fleet.allServe && fleet.faultsSeen.isEmpty, what)
        }
    }

    /// What others put there stays, and is named.
    @Test func whatIsNotOursStays() async throws {
        let fleet = try await Self.fleet()
        let other = try run("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout"]).stdout
        try fleet.directory.write(other, to: "cp1\(Self.ssl)/aggregator-key.pem")
        let plan = try await Change.away(try fleet.run(), .init()).prepare().plan
        #expect(
            plan.notices.contains {
                $0.code == "uninstall/kept" && $0.message.hasPrefix("\(Self.ssl)/aggregator-key.pem stays")
            })
        #expect(plan.nodes[0].files.map(\.path).contains("\(Self.ssl)/aggregator-key.pem") == false)
        #expect(plan.nodes[1].files.count == 4)
        try await fleet.uninstall()
        #expect(fleet.machines[0].file("aggregator-key.pem") == Array(other.utf8))
        #expect(fleet.noneIsNew)
    }

    /// A unit that names the files by itself needs them without our drop-in too.
    @Test func filesThatTheUnitNames() async throws {
        let fleet = try await Self.fleet()
        let unit = """
            [Service]
            ExecStart=/usr/local/bin/kube-apiserver --client-ca-file=/etc/kubernetes/ssl/ca.pem \\
              --tls-cert-file=/etc/kubernetes/ssl/kubernetes.pem --requestheader-client-ca-file=\(Self.ssl)/aggregator-ca.pem \\
              --requestheader-allowed-names=aggregator --proxy-client-cert-file=\(Self.ssl)/aggregator.pem \\
              --proxy-client-key-file=\(Self.ssl)/aggregator-key.pem

            """
        try fleet.directory.write(unit, to: "cp1\(UnitPaths.unit(FakeFleet.unit))")
        try await fleet.uninstall()
        #expect(fleet.machines[0].file("aggregator.pem") != nil && fleet.machines[0].isNew)
        #expect(fleet.machines[0].files["drop-in"] == .some(.none))
        #expect(fleet.machines[1].file("aggregator.pem") == nil && fleet.allServe && fleet.faultsSeen.isEmpty)
    }

    /// An edit that the drop-in kept from having an effect would get it with the restart.
    @Test func anEditThatWaited() async throws {
        let fleet = try await Self.fleet()
        try fleet.directory.write(
            """
            [Service]
            ExecStart=/usr/local/bin/kube-apiserver --client-ca-file=/etc/kubernetes/ssl/ca.pem \\
              --tls-cert-file=/etc/kubernetes/ssl/kubernetes.pem --v=9

            """, to: "cp2\(UnitPaths.unit(FakeFleet.unit))")
        let before = fleet.files
        #expect(await FakeFleet.report { try await fleet.uninstall() }?.code == "plan/pending-changes")
        #expect(fleet.files == before)
        try await fleet.uninstall { $0.request.options.includesPending = true }
        #expect(Self.isBare(fleet))
    }

    @Test func theStateGoesLast() async throws {
        let fleet = try await Self.fleet()
        let state = fleet.directory.file("state")
        fleet.machines[1].systemd.refuse { !$0.contains { $0.hasPrefix("--requestheader") } }
        let options = UninstallOptions(removesState: true)
        #expect(await FakeFleet.report { try await fleet.uninstall(options: options) } != nil)
        #expect(fileMode("\(state)/cluster") != "missing")
        fleet.machines[1].systemd.refuse(nil)
        try await fleet.uninstall(options: options)
        #expect(Self.isBare(fleet) && fileMode(state) == "missing")
        let left = try run("find", [fleet.directory.path, "-name", "*ca-key.pem", "-o", "-name", ".state*"])
        #expect(left.stdout == "")
        // Without it nobody knows any more what is ours.
        #expect(await FakeFleet.report { try await fleet.uninstall() }?.code == "state/missing")
    }

    /// What a run that was killed while it made its copies left goes with the next run, one with nothing else to do too:
    /// a key's copy is among it.
    @Test func copiesThatWereOnlyBegun() async throws {
        let fleet = try await Self.fleet()
        let journal = Journal { _, step in step.hasPrefix("cp1: copy") ? .lostBehind : .done }
        await #expect(throws: (any Error).self) { try await fleet.uninstall(journal) }
        fleet.freeLocks()
        #expect(try Self.keptOnNodes(fleet).contains("/transaction.unfinished/"))
        // Another run holds the node: what lies there may be its own.
        fleet.machines[0].lock.pass(to: "another")
        #expect(try await fleet.converge().preparation.plan.isEmpty)
        #expect(try Self.keptOnNodes(fleet).contains("/transaction.unfinished/"))
        fleet.freeLocks()
        #expect(try await fleet.converge().preparation.plan.isEmpty)
        let kept = try Self.keptOnNodes(fleet)
        #expect(!kept.contains("unfinished"), "\(kept)")
        #expect(fleet.machines.map { $0.lock.holder } == [nil, nil, nil])
        #expect(fleet.allAreNew && fleet.faultsSeen.isEmpty)
    }

    /// While a CA is being replaced, or with a copy of the state that is not the newest, nothing is taken away.
    @Test func whatItIsRefusedFor() async throws {
        let fleet = try await Self.fleet()
        _ = try run("bash", ["-c", "cp -a state older"], currentDirectory: fleet.directory.path)
        try await fleet.rotateLeaves()
        _ = try run("bash", ["-c", "mv state newer; mv older state"], currentDirectory: fleet.directory.path)
        let files = fleet.files
        #expect(await FakeFleet.report { try await fleet.uninstall() }?.code == "plan/older-state")
        _ = try run("bash", ["-c", "mv state older; mv newer state"], currentDirectory: fleet.directory.path)
        let state = StateDirectory(path: fleet.directory.file("state"), cluster: "demo")
        try Ledger(state: state).append(
            RotationTerms(keep: "0002-x", retire: ["0001-y"]), now: OfflineCluster.now)
        #expect(await FakeFleet.report { try await fleet.uninstall() }?.code == "rotation/open")
        #expect(fleet.files == files)
    }
}
