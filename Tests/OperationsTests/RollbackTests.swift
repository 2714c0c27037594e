// SPDX-License-Identifier: Apache-2.0

import Foundation
import Secrets
import TestSupport
import Testing

@testable import ControlPlane
@testable import LocalFiles
@testable import NodeAccess
@testable import Operations
@testable import OpenSSL
@testable import PKI
@testable import Planning
@testable import Spec
@testable import StateStore
@testable import SystemdUnits
@testable import Values

/// What a node keeps is read as it is, and put back only where it would work.
@Suite struct RollbackTests {
    private static let unit = "kube-apiserver.service"
    private static let ssl = "/etc/kubernetes/ssl"
    private let directory: TemporaryDirectory
    private let node: any NodeTransport
    private let spec: ClusterSpec
    private let now = OfflineCluster.now

    init() throws {
        directory = try TemporaryDirectory()
        node = LocalTransport(root: NodeRoot(prefix: directory.path))
        spec = try ClusterSpec.parse(Array(OfflineCluster.spec().utf8), fileName: "cluster.json")
        try directory.write("[Service]\nExecStart=/bin/old\n", to: "etc/systemd/system/u.conf")
    }

    private var paths: [String] {
        ["aggregator-ca.pem", "aggregator-key.pem", "aggregator.pem"].map { "\(Self.ssl)/\($0)" }
    }

    private struct Pair {
        let ca: Certificate
        let leaf: Certificate
        let key: String
    }

    /// A CA, and a leaf of it that ends at `end`.
    private func pair(validity: String = "365d") throws -> Pair {
        let spec = try ClusterSpec.parse(
            Array(
                OfflineCluster.spec(
                    #""certificates": { "proxyClient": { "validity": "\#(validity)" } },"#
                ).utf8), fileName: "cluster.json")
        let (caProfile, profile) = (CertificateCatalog.ca(spec), CertificateCatalog.proxyClient(spec))
        let (caKey, key) = (try PrivateKey.generate(caProfile.key), try PrivateKey.generate(profile.key))
        let ca = try CertificateAuthority.issueCA(
            caProfile, key: caKey, validity: .init(caProfile.validity, at: now), serial: .random())
        let leaf = try CertificateAuthority.issueLeaf(
            profile, key: key, ca: ca, caKey: caKey,
            validity: .init(profile.validity, at: now, within: ca.summary.validity), now: now,
            serial: .random())
        let text = key.pem.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        return Pair(ca: ca, leaf: leaf, key: text)
    }

    private func install(_ pair: Pair) throws {
        let texts = [
            String(decoding: pair.ca.pem, as: UTF8.self), pair.key,
            String(decoding: pair.leaf.pem, as: UTF8.self),
        ]
        for (path, text) in zip(paths, texts) { try directory.write(text, to: String(path.dropFirst())) }
    }

    /// A change that has ended: `before` was there, `after` is.
    private func change(_ before: Pair?, _ after: Pair, cause: ChangeCause = .spec) throws {
        if let before { try install(before) }
        let transaction = try NodeTransaction.begin(
            unit: Self.unit, cause: cause, paths: paths + ["/etc/systemd/system/u.conf"],
            madeDirectories: [], wasServing: true, baseDigests: [:], now: now, on: node)
        try install(after)
        try directory.write("[Service]\nExecStart=/bin/new\n", to: "etc/systemd/system/u.conf")
        try transaction.close(unit: Self.unit)
    }

    private func read() throws -> PreviousFiles? {
        try PreviousReader(spec: spec, node: node, reader: CertificateReader()).read()
    }

    private func flags(names: String = "aggregator") -> EffectiveFlags {
        EffectiveFlags.parse(arguments: [
            "--requestheader-client-ca-file=\(paths[0])", "--proxy-client-key-file=\(paths[1])",
            "--proxy-client-cert-file=\(paths[2])", "--requestheader-allowed-names=\(names)",
        ])
    }

    private func judge(
        _ flags: EffectiveFlags, compromised: [CompromisedCA] = [], at time: UnixTime = OfflineCluster.now
    ) async throws -> [String] {
        let previous = try #require(try read())
        let nodeSpec = spec.nodes[0]
        let link = NodeLink(node: node, units: nil, tunnel: nil)
        let observed = try await Observer(
            spec: spec, access: .offline, link: link, reader: CertificateReader(), baseUnit: nil,
            now: { time }
        ).observe(nodeSpec)
        let target = RollbackPlanner.Target(
            node: "cp1", entries: previous.entries, flags: flags, changesPair: true)
        return try RollbackJudge(
            target: target, observed: observed, node: node, reader: CertificateReader(),
            compromised: compromised, now: time
        ).refusals().map(\.code)
    }

    private func dropped(_ ca: Certificate) -> CompromisedCA {
        CompromisedCA(
            fingerprintSHA256: ca.summary.fingerprintSHA256, publicKeySHA256: ca.summary.publicKeySHA256,
            since: now, subject: ca.summary.subject)
    }

    @Test func whatIsKept() throws {
        #expect(try read() == nil)
        let (old, new) = (try pair(), try pair())
        try change(old, new)
        let previous = try #require(try read())
        #expect(previous.cause == .spec && previous.startedAt == now && previous.entries.count == 4)
        let before = previous.entries.map { $0.before?.content }
        let copy = "\(NodeTransaction.previousStore(unit: Self.unit))/1"
        let digest = try Digest.sha256Hex(Array(old.key.utf8))
        #expect(before[0] == .certificate(old.ca.pem, old.ca.summary))
        #expect(before[1] == .privateKeyCopy(path: copy, sha256: digest))
        #expect(before[2] == .certificate(old.leaf.pem, old.leaf.summary))
        #expect(before[3] == .text(Array("[Service]\nExecStart=/bin/old\n".utf8)))
        // Of what lies there now, a text alone is kept: it is what a difference shows.
        #expect(previous.entries.map { $0.now.content == nil } == [true, true, true, false])
        #expect(!"\(previous)".contains(old.key.split(separator: "\n")[1]))
    }

    /// A private key under another name than the spec's is one all the same.
    @Test func aKeyElsewhere() throws {
        let old = try pair()
        try directory.write("# mine\n\(old.key)", to: "etc/systemd/system/u.conf")
        try change(nil, old)
        let entry = try #require(try read()?.entries.last)
        if case .privateKeyCopy = entry.before?.content {
        } else {
            Issue.record("it is \(String(describing: entry.before?.content))")
        }
        #expect(entry.now.content != nil)
    }

    @Test(arguments: ["echo x >>0", "rm 1", "mv 0 1", ": >3"]) func aDamagedCopy(damage: String) throws {
        try change(try pair(), try pair())
        let store = directory.file(NodeTransaction.previousStore(unit: Self.unit))
        #expect(try run("bash", ["-c", damage], currentDirectory: store).status == 0)
        let error = #expect(throws: BootstrapError.self) { try read() }
        #expect(error?.code == "rollback/copy-damaged")
    }

    @Test func whatWorks() async throws {
        try change(try pair(), try pair())
        #expect(try await judge(flags()) == [])
        #expect(try await judge(flags(names: "other,aggregator")) == [])
        #expect(try await judge(flags(names: "")) == [])
    }

    @Test func whatHasExpired() async throws {
        try change(try pair(validity: "10d"), try pair())
        let end = now.advanced(bySeconds: 10 * 86400 - 300)
        #expect(try await judge(flags(), at: end.advanced(bySeconds: -1)) == [])
        #expect(try await judge(flags(), at: end) == ["rollback/expired"])
    }

    @Test func whatDoesNotBelongTogether() async throws {
        let (one, other, new) = (try pair(), try pair(), try pair())
        try change(Pair(ca: one.ca, leaf: one.leaf, key: other.key), new)
        #expect(try await judge(flags()) == ["rollback/key-mismatch"])
        try change(Pair(ca: other.ca, leaf: one.leaf, key: one.key), new)
        #expect(try await judge(flags()) == ["rollback/chain"])
        try change(one, new)
        #expect(try await judge(flags(names: "someone")) == ["rollback/name-not-allowed"])
    }

    @Test func whatWouldBeMissing() async throws {
        try change(nil, try pair())
        #expect(try await judge(flags()) == ["rollback/pair-missing"])
        // Nothing is asked of what no flag names.
        #expect(try await judge(EffectiveFlags.parse(arguments: [])) == [])
    }

    /// Also where the trust file is not part of the roll-back and still holds the CA.
    @Test func whatACompromisedCAHasSigned() async throws {
        let (old, new) = (try pair(), try pair())
        try change(old, new)
        #expect(try await judge(flags(), compromised: [dropped(old.ca)]) == ["rollback/compromised-ca"])
        #expect(try await judge(flags(), compromised: [dropped(new.ca)]) == [])
    }

    /// Nor through a CA that vouches for it.
    @Test func whatACompromisedCAHasSignedBehindACrossCertificate() async throws {
        let profile = CertificateCatalog.ca(spec)
        let keys = try (0..<2).map { _ in try PrivateKey.generate(profile.key) }
        let cas = try keys.map {
            try CertificateAuthority.issueCA(
                profile, key: $0, validity: .init(profile.validity, at: now), serial: .random())
        }
        let key = try PrivateKey.generate(CertificateCatalog.proxyClient(spec).key)
        let leaf = try CertificateAuthority.issueLeaf(
            CertificateCatalog.proxyClient(spec), key: key, ca: cas[1], caKey: keys[1],
            validity: cas[1].summary.validity, now: now, serial: .random())
        let cross = try CertificateAuthority.issueCrossSigned(
            cas[1], by: cas[0], caKey: keys[0], proving: [leaf], now: now, serial: .random())
        let text = key.pem.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        try install(Pair(ca: cas[0], leaf: leaf, key: text))
        try directory.write(
            String(decoding: leaf.pem + cross.pem, as: UTF8.self), to: String(paths[2].dropFirst()))
        try change(nil, try pair())
        #expect(try await judge(flags()) == [])
        #expect(try await judge(flags(), compromised: [dropped(cas[1])]) == ["rollback/compromised-ca"])
        #expect(try await judge(flags(), compromised: [dropped(cas[0])]) == ["rollback/compromised-ca"])
    }

    // MARK: - The state's records

    private func state() throws -> StateDirectory {
        let state = StateDirectory(path: directory.file("state"), cluster: "demo")
        try withExtendedLifetime(try state.lock()) { try state.prepareForChange() }
        return state
    }

    @Test func theListOfCompromisedCAs() throws {
        let state = try state()
        #expect(try state.inventory().compromised == [])
        let (one, other) = (try pair().ca, try pair().ca)
        let list = CompromisedCAs(state: state)
        try list.add([one.summary], now: now, ledger: Ledger(state: state))
        try list.add([one.summary, other.summary], now: now, ledger: Ledger(state: state))
        #expect(try state.inventory().compromised == [dropped(one), dropped(other)])
        #expect(try state.inventory().compromised.map { $0.covers(one.summary) } == [true, false])
        let ledger = String(decoding: try FileReader.read(Ledger(state: state).path) ?? [], as: UTF8.self)
        #expect(ledger.contains("dropped-as-compromised") && ledger.contains(one.summary.fingerprintSHA256))
    }

    /// What cannot be read could be the line that matters.
    @Test(arguments: ["x", "aa bb 1 CN=x", "\(String(repeating: "a", count: 64)) b 1 CN=x"])
    func aDamagedList(line: String) throws {
        let state = try state()
        try directory.write(line, to: "state/compromised")
        let error = #expect(throws: BootstrapError.self) { try state.inventory() }
        #expect(error?.code == "state/damaged")
    }

    @Test func theRecordOfARollback() throws {
        let state = try state()
        #expect(try RollbackRecord.read(state) == nil)
        try RollbackRecord(direction: .forward, nodes: ["cp1", "cp2"]).write(state)
        let record = try #require(try RollbackRecord.read(state))
        #expect(record.direction == .forward && record.nodes == ["cp1", "cp2"])
        try RollbackRecord.remove(state)
        #expect(try RollbackRecord.read(state) == nil)
        try directory.write("sideways\n", to: "state/rollback")
        #expect(throws: BootstrapError.self) { try RollbackRecord.read(state) }
    }

    // MARK: - The node's record

    /// Which way it went is kept, and once it is done, that what it went back to may be gone.
    @Test(arguments: [ChangeCause.back, .forward]) func whichWay(cause: ChangeCause) throws {
        try change(try pair(), try pair(), cause: cause)
        #expect(try read()?.cause == cause)
        #expect(try NodeTransaction.previous(unit: Self.unit, on: node)?.isDone == true)
        // Killed in the last moment: the record of before is half gone.
        let store = directory.file(NodeTransaction.store(unit: Self.unit))
        let crash = "mv previous transaction; mkdir previous; cp transaction/manifest previous"
        #expect(try run("bash", ["-c", crash], currentDirectory: store).status == 0)
        let again = try NodeTransaction.begin(
            unit: Self.unit, cause: cause, paths: [], madeDirectories: [], wasServing: true, baseDigests: [:],
            now: now, on: node)
        #expect(again.isDone)
        #expect(try NodeTransaction.open(unit: Self.unit, on: node)?.isDone == true)
        try again.close(unit: Self.unit)
        #expect(try FileReader.list(store) == ["previous"])
        #expect(try read()?.entries.count == 4)
    }

    /// An init that goes on from there changes files again: it is not done.
    @Test func anotherChangeIsNotDone() throws {
        try change(try pair(), try pair(), cause: .back)
        let store = directory.file(NodeTransaction.store(unit: Self.unit))
        #expect(try run("mv", ["previous", "transaction"], currentDirectory: store).status == 0)
        let again = try NodeTransaction.begin(
            unit: Self.unit, paths: paths, madeDirectories: [], wasServing: true, baseDigests: [:], now: now,
            on: node)
        #expect(!again.isDone && again.cause == .spec && again.entries.count == 4)
    }
}
