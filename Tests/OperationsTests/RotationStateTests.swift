// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import LocalFiles
@testable import NodeAccess
@testable import PKI
@testable import Planning
@testable import Spec
@testable import StateStore
@testable import Values

/// What the state directory keeps of a CA's rotation.
@Suite struct RotationStateTests {
    private let cluster: OfflineCluster

    init() throws { cluster = try OfflineCluster() }

    private func mint(_ name: String) throws -> (certificate: Certificate, key: PrivateKey) {
        let profile = CertificateProfile(
            role: .ca, commonName: name, names: SubjectNames(), hosts: [], usages: [], key: .ed25519,
            validity: ValidityPeriod(seconds: 86400))
        let key = try PrivateKey.generate(.ed25519)
        let certificate = try CertificateAuthority.issueCA(
            profile, key: key, validity: .init(profile.validity, at: OfflineCluster.now),
            serial: .random())
        return (certificate, key)
    }

    private func entries(_ ledger: Ledger) throws -> [[String: String]] {
        var entries: [[String: String]] = []
        try ledger.forEachEntry { entries.append($0) }
        return entries
    }

    @Test func theTermsAreReadBack() async throws {
        try await cluster.converge()
        let ledger = Ledger(state: cluster.state)
        #expect(try ledger.openRotation() == nil)
        var terms = RotationTerms(
            keep: "0002-ab", retire: ["0001-cd", "0000-ef"], cause: .compromisedCA,
            since: OfflineCluster.now.description)
        try ledger.append(terms, now: OfflineCluster.now)
        #expect(try ledger.openRotation() == terms)
        // Other events, and a line that a kill has torn, change nothing.
        try ledger.append("issued-leaf", [("keep", "no")], now: OfflineCluster.now)
        #expect(try run("bash", ["-c", "printf '{\"event\":\"rotation-e' >>'\(ledger.path)'"]).status == 0)
        #expect(try ledger.openRotation() == terms)
        // Called off an hour later, it is still the rotation that began then; and so it is if it goes forward after all.
        let later = OfflineCluster.now.advanced(bySeconds: 3600)
        terms = RotationTerms(
            keep: "0001-cd", retire: ["0002-ab"], direction: .back, since: terms.since, again: true,
            aborted: later.description)
        try ledger.append(terms, now: later)
        #expect(try ledger.openRotation() == terms)
        var forward = RotationTerms(keep: "0002-ab", retire: ["0001-cd"], since: terms.since)
        try ledger.append(forward, now: later)
        #expect(try ledger.openRotation() == forward)
        (forward.keep, forward.since) = ("0003", later.description)
        try ledger.append(forward, now: later)
        #expect(try ledger.openRotation() == forward, "another CA is made: another rotation")
        try ledger.appendEnd(of: terms, now: OfflineCluster.now)
        #expect(try ledger.openRotation() == nil)
    }

    /// A run that was killed while it wrote its last line: cut at every byte, the entries before stay as they are,
    /// and the next one is whole.
    @Test func aTornEndOfTheLedgerIsHealed() throws {
        let ledger = Ledger(state: cluster.state)
        try AtomicFileWriter.makeDirectories(cluster.state.path, mode: 0o700)
        let terms = RotationTerms(keep: "0002", retire: ["0001"], since: OfflineCluster.now.description)
        try ledger.append(terms, now: OfflineCluster.now)
        let before = try #require(try FileReader.read(ledger.path))
        try ledger.appendEnd(of: terms, now: OfflineCluster.now)
        let after = try #require(try FileReader.read(ledger.path))
        for count in before.count..<after.count {
            try AtomicFileWriter.write(
                ledger.path, .text(String(decoding: after[..<count], as: UTF8.self)), mode: 0o600)
            // All but its line feed is all of it.
            let isWhole = count == after.count - 1
            #expect(try ledger.openRotation() == (isWhole ? nil : terms))
            try ledger.append("next", [], now: OfflineCluster.now)
            let events = ["rotation-begin"] + (isWhole ? ["rotation-end"] : []) + ["next"]
            #expect(try entries(ledger).map { $0["event"] } == events)
            #expect(try ledger.openRotation() == (isWhole ? nil : terms))
        }
    }

    /// Any other line that cannot be read could be the one that says that a rotation is open.
    @Test(arguments: [
        (#"{"time":"x","event":"rotation-beg"# + "\n", "line 2 is not an entry"),
        ("\u{0}\u{0}\u{0}\n", "line 2 is not an entry"), ("[]\n", "line 2 is not an entry"),
        (#"{"keep":"0002"}"# + "\n", "line 2 is not an entry"),
        (#"{"event":"rotation-begin"}"# + "\n", "line 2 of it, rotation-begin, does not name the CA"),
        (#"{"event":"rotation-abort","keep":7}"# + "\n", "line 2 of it, rotation-abort, does not name"),
        (
            #"{"event":"rotation-end"}"# + "\n",
            "line 2 of it, rotation-end, does not name the CA that is kept"
        ),
        (#"{"event":"rotation-begin","keep":"2","cause":"?"}"# + "\n", "has an unknown cause"),
    ])
    func aDamagedLedgerIsNamed(line: String, why: String) async throws {
        try await cluster.converge()
        let ledger = Ledger(state: cluster.state)
        let first = #"{"event":"test"}"# + "\n"
        try AtomicFileWriter.write(ledger.path, .text(first + line + first), mode: 0o600)
        let error = #expect(throws: BootstrapError.self) { try ledger.openRotation() }
        #expect(error?.code == "state/damaged" && error?.hint?.contains("backup") == true)
        #expect(error?.message.contains(ledger.path) == true && error?.message.contains(why) == true)
        let before = treeListing(cluster.root)
        let run = await #expect(throws: BootstrapError.self) {
            try await cluster.converge(at: OfflineCluster.now.advanced(bySeconds: 300 * 86400))
        }
        #expect(run?.code == "state/damaged")
        #expect(treeListing(cluster.root) == before)
    }

    /// Without its ledger a state does not know of a rotation that is open: lost, emptied, or an old copy of it.
    @Test(arguments: ["", #"{"event":"issued-leaf","owner":"cp1","sha256":"00"}"# + "\n", nil])
    func aLedgerThatWasLostIsNamed(text: String?) async throws {
        try await cluster.converge()
        let ledger = Ledger(state: cluster.state)
        try AtomicFileWriter.remove(ledger.path)
        if let text { try AtomicFileWriter.write(ledger.path, .text(text), mode: 0o600) }
        let error = #expect(throws: BootstrapError.self) { try ledger.openRotation() }
        #expect(error?.code == "state/damaged" && error?.message.contains("was issued") == true)
        let before = treeListing(cluster.root)
        let run = await #expect(throws: BootstrapError.self) { try await cluster.converge() }
        #expect(run?.code == "state/damaged")
        #expect(treeListing(cluster.root) == before)
    }

    /// Keys of the new CA count as known from the moment on that one is about to be written to a control plane.
    @Test func theLedgerTellsWhetherKeysWereOnNodes() throws {
        let ledger = Ledger(state: cluster.state)
        try AtomicFileWriter.makeDirectories(cluster.state.path, mode: 0o700)
        let (now, terms) = (OfflineCluster.now, RotationTerms(keep: "0002", retire: ["0001"]))
        func apply(_ files: String) throws {
            try ledger.append("apply-begin", [("node", "cp1"), ("files", files)], now: now)
        }
        func hasPushed() throws -> Bool { try ledger.hasPushedKeys(to: "/ssl/key.pem") }
        // By init, or by a rotation of proxy clients: keys of the CA before.
        try apply("/ssl/ca.pem /ssl/key.pem /ssl/cert.pem")
        try ledger.append(terms, now: now)
        try apply("/ssl/ca.pem")
        try apply("/ssl/other-key.pem")
        #expect(try !hasPushed())
        try apply("/ssl/key.pem /ssl/cert.pem")
        #expect(try hasPushed())
        try ledger.append("apply-failed", [("node", "cp1")], now: now)
        var other = terms
        other.direction = .back
        try ledger.append(other, now: now)
        (other.direction, other.cause) = (.forward, .compromisedLeaf)
        try ledger.append(other, now: now)
        #expect(try hasPushed())
        // In its turn, without an end in between.
        (other.keep, other.retire) = ("0003", ["0002"])
        try ledger.append(other, now: now)
        #expect(try !hasPushed())
        try ledger.appendEnd(of: other, now: now)
        try apply("/ssl/key.pem")
        try ledger.append(RotationTerms(keep: "0004", retire: ["0003"]), now: now)
        #expect(try !hasPushed())
    }

    /// Leaves whose CA was never stored go with their keys; others stay.
    @Test func leavesWithoutACAAreRemoved() async throws {
        try await cluster.converge()
        let inventory = try cluster.state.inventory()
        let leaf = try #require(inventory.leaves["cp1"])
        let (certificate, key) = try mint("orphan")
        let orphan = StateDirectory.NewLeaf(
            certificate: certificate, key: key.pem, owner: "cp1", profile: leaf.profile,
            generation: "0002-gone")
        try cluster.state.addLeaves([orphan], after: inventory)
        #expect(try cluster.state.inventory().leaves["cp1"]?.generation == "0002-gone")
        try cluster.state.removeOrphanedLeaves()
        #expect(try cluster.state.inventory() == inventory)
        let files = try run("find", [cluster.state.path, "-name", "*key.pem"])
        #expect(files.stdout.split(separator: "\n").count == 2)
    }

    /// While a rotation is open, the pair that is kept for its end stays.
    @Test func theRetiredPairStaysUntilTheEnd() async throws {
        try await cluster.converge()
        let (state, retired) = (cluster.state, "\(cluster.state.path)/retired")
        #expect(try run("cp", ["-a", "\(state.path)/leaves/cp1/0001", retired]).status == 0)
        let terms = RotationTerms(keep: "0002", retire: ["0001"])
        try Ledger(state: state).append(terms, now: OfflineCluster.now)
        try state.removeUnfinished()
        #expect(try FileReader.read("\(retired)/key.pem") != nil)
        try Ledger(state: state).appendEnd(of: terms, now: OfflineCluster.now)
        try state.removeUnfinished()
        #expect(try FileStatus.of(retired) == nil)
    }

    /// While a rotation is open, a run that would change something is refused, and names both ways on.
    @Test func nothingElseIsChangedMeanwhile() async throws {
        try await cluster.converge()
        try Ledger(state: cluster.state).append(
            RotationTerms(keep: "0002", retire: ["0001"]), now: OfflineCluster.now)
        let before = treeListing(cluster.root)
        let error = await #expect(throws: BootstrapError.self) {
            try await cluster.converge(at: OfflineCluster.now.advanced(bySeconds: 300 * 86400))
        }
        #expect(error?.code == "rotation/open")
        #expect(error?.hint?.contains("rotate --ca") == true && error?.hint?.contains("--abort") == true)
        #expect(treeListing(cluster.root) == before)
    }

    @Test func aDroppedGenerationLeavesNoKey() async throws {
        try await cluster.converge()
        let state = cluster.state
        let old = try #require(try state.inventory().current)
        let (certificate, key) = try mint("next")
        try state.addGeneration(certificate, key: key.pem, after: state.inventory())
        let new = try #require(try state.inventory().current)
        #expect(
            new.id
                == StateDirectory.generationID(certificate.summary, after: StateInventory(generations: [old]))
        )
        #expect(new.id != old.id && new.hasKey)
        for _ in 0..<2 { try state.dropGeneration(old.id, because: "a test") }
        let inventory = try state.inventory()
        #expect(inventory.generation(old.id)?.standing == .dropped)
        #expect(inventory.generation(old.id)?.hasKey == false && inventory.current == new)
        #expect(inventory.leaves.isEmpty && inventory.isDropped(old.certificate))
        let keys = try run("find", [state.path, "-name", "*key.pem"]).stdout.split(separator: "\n")
        #expect(keys.map { String($0.suffix(new.id.utf8.count + 11)) } == ["\(new.id)/ca-key.pem"])
    }

    /// One that was found on the nodes never signs, and is forgotten when its replacement is called off.
    @Test func aForeignGeneration() async throws {
        try await cluster.converge()
        let state = cluster.state
        let current = try state.inventory().current
        let (certificate, _) = try mint("theirs")
        try state.addForeignGeneration(certificate.summary, pem: certificate.pem, after: state.inventory())
        let inventory = try state.inventory()
        let foreign = try #require(inventory.generations.last)
        #expect(foreign.standing == .foreign && !foreign.hasKey && inventory.current == current)
        #expect(throws: BootstrapError.self) { try state.authority(foreign) }
        try state.forgetForeign(foreign)
        #expect(try state.inventory().generations.map(\.id) == [current?.id])
        // The ledger does not say that it was issued, and need not, also when it was replaced.
        try state.addForeignGeneration(certificate.summary, pem: certificate.pem, after: state.inventory())
        #expect(try Ledger(state: state).openRotation() == nil)
        try state.dropGeneration(foreign.id, because: "replaced")
        #expect(try Ledger(state: state).openRotation() == nil)
    }

    /// The newest leaf of a generation, not of all.
    @Test func leavesOfTwoGenerations() async throws {
        try await cluster.converge()
        let state = cluster.state
        let old = try #require(try state.inventory().current)
        let first = try #require(try state.inventory().leaves["cp1"])
        let (certificate, key) = try mint("next")
        try state.addGeneration(certificate, key: key.pem, after: state.inventory())
        let new = try #require(try state.inventory().current)
        let spec = try ClusterSpec.parse(Array(OfflineCluster.spec().utf8), fileName: "x")
        let stage = CertificateStage(bundle: [new], leaves: .signed(by: new))
        let issues = Planner.issues(
            spec, inventory: try state.inventory(), now: OfflineCluster.now, stage: stage)
        let issuer = Issuer(spec, state: state, now: OfflineCluster.now)
        let inventory = try await issuer.issue(issues, inventory: state.inventory(), signing: new)
        #expect(inventory.leaf(of: "cp1", signedBy: old) == first)
        #expect(inventory.leaf(of: "cp1", signedBy: new)?.certificate.issuer == new.certificate.subject)
        #expect(inventory.leaves["cp1"]?.generation == new.id)
    }
}
