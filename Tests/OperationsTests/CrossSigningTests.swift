// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import ControlPlane
@testable import LocalFiles
@testable import NodeAccess
@testable import Operations
@testable import PKI
@testable import Planning
@testable import Proofs
@testable import Spec
@testable import StateStore
@testable import Values

/// The old CA vouches for the new one: when that is done, what the state makes of it, and what nodes get.
@Suite struct CrossSigningTests {
    private let cluster: OfflineCluster
    private let now = OfflineCluster.now

    init() throws { cluster = try OfflineCluster() }

    private func mint(_ name: String, days: Int64 = 3650) throws -> (
        certificate: Certificate, key: PrivateKey
    ) {
        let profile = CertificateProfile(
            role: .ca, commonName: name, names: SubjectNames(), hosts: [], usages: [], key: .ed25519,
            validity: ValidityPeriod(seconds: days * 86400))
        let key = try PrivateKey.generate(.ed25519)
        return (
            try CertificateAuthority.issueCA(
                profile, key: key, validity: .init(profile.validity, at: now), serial: .random()), key
        )
    }

    private func add(_ name: String, days: Int64 = 3650) throws -> CAGeneration {
        let (certificate, key) = try mint(name, days: days)
        let sha256 = certificate.summary.fingerprintSHA256
        try Ledger(state: cluster.state).append("issued-ca", [("sha256", sha256)], now: now)
        try cluster.state.addGeneration(certificate, key: key.pem, after: cluster.state.inventory())
        return try #require(try cluster.state.inventory().current)
    }

    private func issueLeaf(by generation: CAGeneration) async throws {
        let state = cluster.state
        let spec = try ClusterSpec.parse(Array(OfflineCluster.spec().utf8), fileName: "x")
        let stage = CertificateStage(bundle: [generation], leaves: .signed(by: generation))
        let issues = Planner.issues(spec, inventory: try state.inventory(), now: now, stage: stage)
        let issuer = Issuer(spec, state: state, now: now)
        _ = try await issuer.issue(issues, inventory: state.inventory(), signing: generation)
    }

    private func rotation(
        at time: UnixTime = OfflineCluster.now, cause: RotationTerms.Cause = .asked
    ) throws -> CrossSigning {
        var options = RotationOptions()
        (options.crossSigns, options.cause) = (true, cause)
        return CrossSigning(RotationContext(try cluster.run(at: time), options))
    }

    /// A cluster whose nodes trust `old`, and a state in which `new` has signed a proxy client too.
    private func begun() async throws -> (old: CAGeneration, new: CAGeneration) {
        try await cluster.converge()
        let old = try #require(try cluster.state.inventory().current)
        let new = try add("next")
        try await issueLeaf(by: new)
        return (old, new)
    }

    private func code(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch { return "\(ErrorReport(error).code): \(ErrorReport(error).message)" }
    }

    // MARK: - Making it

    @Test func whatIsMade() async throws {
        let (old, new) = try await begun()
        let state = cluster.state
        let terms = RotationTerms(keep: new.id, retire: [old.id])
        let plain = try #require(try state.inventory().leaves["cp1"])
        let rotation = try rotation()
        let observed = try await rotation.context.run.controlPlanes.observe()
        try rotation.refuseCrossSign(observed, state.inventory())
        try rotation.crossSign(terms, observed)
        let inventory = try state.inventory()
        let cross = try #require(inventory.generation(new.id)?.crossSigned)
        #expect(cross.certificate.issuerDER == old.certificate.subjectDER)
        #expect(inventory.generation(old.id)?.crossSigned == nil && rotation.vouching(new) == nil)
        #expect(rotation.vouching(try #require(inventory.generation(new.id))) == cross.certificate)
        let leaf = try #require(inventory.leaf(of: "cp1", signedBy: new))
        #expect(leaf.pem == plain.pem + cross.pem && leaf.certificatePEM == plain.pem)
        let first = try #require(inventory.leaf(of: "cp1", signedBy: old))
        #expect(first.chain.isEmpty && first.certificatePEM == first.pem)
        let file = "\(state.path)/ca/\(new.id)/cross-signed.pem"
        #expect(try fileMode(file) == "644" && FileReader.read(file) == cross.pem)
        let ledger = String(decoding: try FileReader.read("\(state.path)/ledger.jsonl") ?? [], as: UTF8.self)
        #expect(ledger.contains("\"event\":\"cross-signed\"") && ledger.contains(cross.certificate.serial))
        // Asked for again, it stays the one that nodes may have.
        try rotation.crossSign(terms, observed)
        #expect(try state.inventory() == inventory)
    }

    @Test func whereItIsRefused() async throws {
        let (old, new) = try await begun()
        let before = treeListing(cluster.root)
        let observed = try await rotation().context.run.controlPlanes.observe()
        var terms = RotationTerms(keep: new.id, retire: [old.id], cause: .compromisedLeaf)
        let refused = "rotation/no-cross-sign: the old CA cannot sign the new one: "
        #expect(
            await code { try rotation().crossSign(terms, observed) }?.hasPrefix(refused + "others may")
                == true)
        #expect(
            await code {
                try rotation(cause: .compromisedCA).refuseCrossSign(observed, cluster.state.inventory())
            }?.hasPrefix(refused + "others may") == true)
        (terms.cause, terms.retire) = (.asked, [old.id, new.id])
        #expect(
            await code { try rotation().crossSign(terms, observed) }?.contains(
                "trust 2 CAs, and it needs exactly one")
                == true)
        // The time is past the old CA's end.
        terms.retire = [old.id]
        let late = try rotation(at: old.certificate.notAfter)
        #expect(await code { try late.crossSign(terms, observed) }?.contains("expired at") == true)
        // One control plane has dropped the old CA.
        var dropped = observed
        dropped[0].requestHeaderCAs[0].certificates = [new.certificate]
        #expect(
            await code { try rotation().crossSign(terms, dropped) }?.contains("cp1 does not trust the old CA")
                == true
        )
        // On the way back nothing is made, and nothing refused.
        terms = RotationTerms(keep: old.id, retire: [new.id], direction: .back)
        try rotation().crossSign(terms, observed)
        #expect(treeListing(cluster.root) == before)
        #expect(try cluster.state.inventory().generations.allSatisfy { $0.crossSigned == nil })
    }

    /// What `--dry-run` shows of it, with and without the option.
    @Test func theOutline() async throws {
        let (old, new) = try await begun()
        let plain = CrossSigning(RotationContext(try cluster.run(), .init()))
        func stages(_ rotation: CrossSigning, isAbort: Bool = false) throws -> [RotationStage] {
            try RotationOutline(rotation.context, [], isAbort: isAbort).parts.filter { part in
                switch part {
                case .crossCertificate, .extensions(_, _, isCrossSigned: true), .leaves(isCrossSigned: true):
                    true
                default: false
                }
            }.map(\.stage)
        }
        #expect(try stages(plain) == [])
        #expect(try stages(rotation()) == [.issue, .extensions, .leaves])
        let terms = RotationTerms(keep: new.id, retire: [old.id])
        try plain.context.ledger.append(terms, now: now)
        #expect(try stages(plain) == [])
        #expect(try stages(rotation()).count == 3)
        #expect(try stages(rotation(), isAbort: true) == [])
        try rotation().crossSign(terms, try await plain.context.run.controlPlanes.observe())
        #expect(try stages(plain) == [.extensions, .leaves])
    }

    /// Neither a CA that was made elsewhere nor one whose key is lost can sign; before a rotation is begun that is said.
    @Test func withoutTheOldKey() async throws {
        try await cluster.converge()
        let state = cluster.state
        let old = try #require(try state.inventory().current)
        let observed = try await rotation().context.run.controlPlanes.observe()
        #expect(try run("rm", ["\(state.path)/ca/\(old.id)/ca-key.pem"]).status == 0)
        let lost = await code { try rotation().refuseCrossSign(observed, state.inventory()) }
        #expect(lost?.contains("the key of \(old.certificate.subject) is not in") == true)
        #expect(try run("rm", ["-r", "\(state.path)/ca", "\(state.path)/leaves"]).status == 0)
        let foreign = await code { try rotation().refuseCrossSign(observed, state.inventory()) }
        #expect(foreign?.contains("was made elsewhere") == true)
        try state.addForeignGeneration(old.certificate, pem: old.pem, after: state.inventory())
        #expect(await code { try rotation().refuseCrossSign(observed, state.inventory()) } == foreign)
        // Not asked for, none of it matters.
        let plain = CrossSigning(RotationContext(try cluster.run(), .init()))
        try plain.refuseCrossSign(observed, state.inventory())
    }

    // MARK: - What comes of it

    /// Plans, renewals and proofs keep the chain by themselves.
    @Test func nodesGetIt() async throws {
        try AtomicFileWriter.makeDirectories(cluster.state.path, mode: 0o700)
        try cluster.state.prepareForChange()
        _ = try add("first", days: 310)
        let old = try #require(try cluster.state.inventory().current)
        let new = try add("next")
        try await cluster.converge()
        let (ca, key) = try cluster.state.authority(old)
        let leaf = try #require(try cluster.state.inventory().leaves["cp1"])
        let cross = try CertificateAuthority.issueCrossSigned(
            try Certificate.parse(pem: new.pem, path: "new"), by: ca, caKey: key,
            proving: [try Certificate.parse(pem: leaf.pem, path: "leaf")], now: now, serial: .random())
        try cluster.state.addCrossCertificate(cross, of: new.id)
        let outcome = try await cluster.converge()
        #expect(outcome.filesWritten == 1 && outcome.issued == 0 && outcome.restarts == 0)
        #expect(try await cluster.converge().isNothing)
        let later = now.advanced(bySeconds: 300 * 86400)
        #expect(try await cluster.converge(at: later).issued == 1)
        let file = "\(cluster.root)/cp1/etc/kubernetes/ssl/aggregator.pem"
        let renewed = try #require(try cluster.state.inventory().leaves["cp1"])
        #expect(try renewed.certificate != leaf.certificate && FileReader.read(file) == renewed.pem)
        #expect(renewed.pem == renewed.certificatePEM + cross.pem)
        // For openssl, those who trust either CA take it.
        #expect(try cluster.opensslVerify("cp1", at: later) == "OK")
        let oldFile = "\(cluster.state.path)/ca/\(old.id)/ca.pem"
        let verified = try run(
            "openssl",
            [
                "verify", "-x509_strict", "-purpose", "sslclient", "-attime", "\(later.seconds)", "-CAfile",
                oldFile, "-untrusted", file, file,
            ])
        #expect(verified.status == 0, "\(verified.stderr)")
        let proofs = try await cluster.run(at: later).controlPlanes.prove().flatMap(\.proofs)
        let chain = try #require(proofs.first { $0.name == "chain" })
        let end = cross.summary.notAfter.date
        #expect(
            chain.text.hasSuffix(
                "; followed by \(new.certificate.subject), signed by \(old.certificate.subject), until \(end)"
            ))
        #expect(proofs.allSatisfy { $0.outcome != .failed })
        // After its end nothing changes for who trusts the new CA, and nothing is due.
        let after = now.advanced(bySeconds: 320 * 86400)
        #expect(after > cross.summary.notAfter)
        #expect(try cluster.opensslVerify("cp1", at: after) == "OK")
        #expect(try await cluster.converge(at: after).isNothing)
        #expect(
            try await cluster.run(at: after).controlPlanes.prove().flatMap(\.proofs).allSatisfy {
                $0.outcome != .failed
            })
    }

    @Test func whatIsLeftOfIt() async throws {
        let (old, new) = try await begun()
        let state = cluster.state
        let terms = RotationTerms(keep: new.id, retire: [old.id])
        let rotation = try rotation()
        try rotation.crossSign(terms, try await rotation.context.run.controlPlanes.observe())
        let directory = "\(state.path)/ca/\(new.id)"
        // What a killed run had not brought under its name is gone before the next change.
        let half = "\(directory)/.cross-signed.pem.aggbootstrap-tmp"
        #expect(try run("touch", [half]).status == 0)
        try state.prepareForChange()
        #expect(fileMode(half) == "missing" && fileMode("\(directory)/cross-signed.pem") == "644")
        // It stays when the CA that signed it goes, and goes with its own.
        try state.dropGeneration(old.id, because: "a test")
        #expect(try state.inventory().generation(new.id)?.crossSigned != nil)
        #expect(try state.inventory().leaves["cp1"]?.chain.isEmpty == false)
        try state.dropGeneration(new.id, because: "a test")
        #expect(try FileReader.list(directory) == ["ca.pem", "dropped"])
    }

    @Test func oneOfAnotherCA() async throws {
        let (old, new) = try await begun()
        let state = cluster.state
        let rotation = try rotation()
        try rotation.crossSign(
            RotationTerms(keep: new.id, retire: [old.id]),
            try await rotation.context.run.controlPlanes.observe())
        let moved = try run(
            "mv", ["\(state.path)/ca/\(new.id)/cross-signed.pem", "\(state.path)/ca/\(old.id)/"])
        #expect(moved.status == 0)
        let error = #expect(throws: BootstrapError.self) { try state.inventory() }
        #expect(error?.code == "state/damaged" && error?.message.contains("it is not for") == true)
    }

    // MARK: - Extension servers

    @Test func whoIsLetPass() async throws {
        let (old, new) = try await begun()
        let terms = RotationTerms(keep: new.id, retire: [old.id])
        func laggard(_ trustsPrevious: Bool) -> ExtensionServers.Laggard {
            .init(service: "a/b", endpoint: "10.0.0.1:8443", why: "a reason", trustsPrevious: trustsPrevious)
        }
        let (waiting, stranger) = (laggard(true), laggard(false))
        // Without the option: the hint names it where it would help.
        let plain = CrossSigning(RotationContext(try cluster.run(), .init()))
        var rotation = try plain.context.generations(terms)
        #expect(plain.previousName(rotation) == old.certificate.subjectDER)
        #expect(plain.withoutVouched([waiting, stranger], rotation.keep) == [waiting, stranger])
        #expect(plain.laggardHint(waiting, terms, rotation).contains("--cross-sign"))
        #expect(!plain.laggardHint(stranger, terms, rotation).contains("--cross-sign"))
        #expect(plain.laggardHint(stranger, terms, rotation).contains("--accept-laggard a/b"))
        var compromised = terms
        compromised.cause = .compromisedLeaf
        #expect(!plain.laggardHint(waiting, compromised, rotation).contains("--cross-sign"))
        // Made once, it counts in every later run, until it ends.
        try self.rotation().crossSign(terms, try await plain.context.run.controlPlanes.observe())
        rotation = try plain.context.generations(terms)
        let cross = try #require(rotation.keep.crossSigned)
        #expect(plain.withoutVouched([waiting, stranger], rotation.keep) == [stranger])
        #expect(!plain.laggardHint(stranger, terms, rotation).contains("--cross-sign"))
        let late = CrossSigning(RotationContext(try cluster.run(at: cross.certificate.notAfter), .init()))
        #expect(late.withoutVouched([waiting], rotation.keep) == [waiting])
    }
}
