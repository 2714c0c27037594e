// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import LocalFiles
@testable import Operations
@testable import PKI
@testable import Planning
@testable import StateStore
@testable import Values

/// `rotate --ca` from and to CAs whose keys are elsewhere, on control planes that serve.
@Suite(.serialized, .timeLimit(.minutes(4))) struct ExternalRotationTests {
    private func fleet(_ ca: String = "corp") async throws -> FakeFleet {
        let fleet = try FakeFleet(["cp1", "cp2"])
        try fleet.rewriteSpec(ElsewhereCA.spec(in: fleet.directory))
        try ElsewhereCA(ca, in: fleet.directory).use()
        try await fleet.converge()
        return fleet
    }

    private func subject(_ fleet: FakeFleet) throws -> String? {
        try fleet.run().state.inventory().current?.certificate.subject
    }

    private func code(_ fleet: FakeFleet) async -> String? {
        do {
            try await fleet.rotate()
            return nil
        } catch { return ErrorReport(error).code }
    }

    /// The proxy client certificates alone: signed again, one control plane after the other, and none restarts.
    @Test func ofTheProxyClients() async throws {
        let fleet = try await fleet()
        let old = fleet.machines.map { $0.file("aggregator.pem") }
        let calls = try String(contentsOfFile: fleet.directory.file("calls"), encoding: .utf8).count
        try await fleet.rotateLeaves()
        let new = fleet.machines.map { $0.file("aggregator.pem") }
        #expect(zip(old, new).allSatisfy { $0 != $1 } && !new.contains(nil))
        #expect(try String(contentsOfFile: fleet.directory.file("calls"), encoding: .utf8).count == 2 * calls)
        let ca = try Certificate.parseBundle(
            pem: FileReader.read(fleet.directory.file("corp.pem")) ?? [], path: "corp")
        for pem in new.compactMap({ $0 }) {
            let leaf = try Certificate.parseBundle(pem: pem, path: "new")[0]
            try ChainVerifier.verify(
                leaf: leaf, intermediates: [], bundle: ca,
                at: leaf.summary.notBefore.advanced(bySeconds: 3600))
        }
        #expect(try subject(fleet) == "CN=corp" && fleet.allServe && fleet.faultsSeen.isEmpty)
        #expect(try await fleet.isConverged)
        // A signer that is away leaves everything as it is.
        try fleet.directory.write("", to: "broken")
        await #expect(throws: BootstrapError.self) { try await fleet.rotateLeaves() }
        #expect(fleet.machines.map { $0.file("aggregator.pem") } == new && fleet.allServe)
    }

    @Test func toTheNextOne() async throws {
        let fleet = try await fleet()
        #expect(await code(fleet) == "external/same-ca")
        #expect(try Ledger(state: fleet.run().state).openRotation() == nil)
        try ElsewhereCA("next", in: fleet.directory).use()
        try fleet.directory.write("", to: "broken")
        #expect(await code(fleet) == "signer/failed")
        // Nothing has begun: it can be left at that.
        #expect(try Ledger(state: fleet.run().state).openRotation() == nil)
        try ElsewhereCA("corp2", in: fleet.directory).run("rm broken")
        try await fleet.rotate()
        #expect(try subject(fleet) == "CN=next" && fleet.allServe && fleet.faultsSeen.isEmpty)
        #expect(try await fleet.isConverged)
        let dropped = try fleet.run().state.inventory().generations.first
        #expect(dropped?.standing == .dropped && dropped?.certificate.subject == "CN=corp")
        // One that was taken out of use does not come back.
        try ElsewhereCA("corp2", in: fleet.directory).run(
            "cp corp.pem ca.pem; cp corp.pem signing.pem; cp corp-key.pem signing-key.pem")
        #expect(await code(fleet) == "external/dropped")
        #expect(await fleet.failure()?.code == "external/dropped")
    }

    /// Killed after any step and run again, it ends with the next one.
    @Test(arguments: [2, 9, 35, 80, 130, 190]) func killedAnywhere(after step: Int) async throws {
        let fleet = try await fleet()
        try ElsewhereCA("next", in: fleet.directory).use()
        let journal = Journal { number, _ in number == step ? .lost : .done }
        _ = try? await fleet.rotate(journal)
        fleet.freeLocks()
        // Killed behind its end, it has nothing left to do.
        let isOpen = try !fleet.run().openRotation().isEmpty
        if try isOpen || subject(fleet) != "CN=next" { try await fleet.rotate() }
        #expect(try subject(fleet) == "CN=next" && fleet.allServe && fleet.faultsSeen.isEmpty)
        // Copies that could not be put away are the next init's.
        try await fleet.converge()
        #expect(try await fleet.isConverged)
    }

    /// The way back needs nothing from either CA: the old pairs are in the state directory.
    @Test func aborted() async throws {
        let fleet = try await fleet()
        let next = try ElsewhereCA("next", in: fleet.directory)
        try next.use()
        let journal = Journal { _, step in step == "cp2: stage aggregator-ca.pem" ? .failed : .done }
        await #expect(throws: (any Error).self) { try await fleet.rotate(journal) }
        try fleet.directory.write("", to: "broken")
        let run = try fleet.run()
        var options = RotationOptions()
        options.acceptsUnseenExtensions = true
        (options.soakSeconds, options.watchSeconds, options.reloadSeconds) = (0, 0, 0)
        let rotation = CARotation(run, options: options)
        #expect(try await rotation.callOff(try run.lockExisting()))
        #expect(try await rotation.converge(nil).direction == .back)
        #expect(try subject(fleet) == "CN=corp" && fleet.allServe && fleet.faultsSeen.isEmpty)
        try next.run("cp corp.pem ca.pem")
        #expect(try await fleet.isConverged)
    }

    @Test func fromOneOfOurOwnAndBack() async throws {
        let fleet = try FakeFleet(["cp1", "cp2"])
        try await fleet.converge()
        let own = try #require(try subject(fleet))
        try fleet.rewriteSpec(ElsewhereCA.spec(in: fleet.directory))
        try ElsewhereCA("corp", in: fleet.directory).use()
        #expect(await fleet.failure()?.code == "external/other-ca")
        try await fleet.rotate()
        #expect(try subject(fleet) == "CN=corp")
        #expect(try await fleet.isConverged)
        try fleet.rewriteSpec("")
        try await fleet.rotate()
        #expect(try subject(fleet)?.hasPrefix("CN=aggregator-ca ") == true && subject(fleet) != own)
        #expect(try await fleet.isConverged && fleet.faultsSeen.isEmpty)
    }
}
