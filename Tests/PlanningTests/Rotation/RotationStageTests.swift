// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Planning
@testable import Spec
@testable import Values
@testable import aggbootstrap

/// Where a CA's rotation stands, and what its stages make of the nodes' files.
@Suite struct RotationStageTests {
    /// A node in short: `o` and `n` for the CAs that it trusts, then `O` or `N` for whose proxy client it presents.
    private static func nodes(_ texts: String) -> [RotationPosition.Node] {
        texts.split(separator: " ").enumerated().map { index, text in
            RotationPosition.Node(
                name: "cp\(index + 1)", trustsKept: text.contains("n"), trustsRetired: text.contains("o"),
                hasNewLeaf: text.contains("N"))
        }
    }

    @Test(
        arguments: [
            ("oO oO oO", .trust), ("noO oO oO", .trust), ("noO noO noO", .leaves), ("noN noO noO", .leaves),
            ("noN noN noN", .soak), ("nN noN noN", .drop), ("nN nN nN", .drop),
            // A node that was put back to an old copy meanwhile.
            ("noN oO noN", .trust), ("noN noO noN", .leaves), ("noN oN noN", .trust),
            // Called off, which swaps who stays: before a proxy client was changed, and after one was.
            ("nN noN nN", .drop), ("noN noO noN", .leaves),
        ] as [(String, RotationStage)])
    func position(nodes: String, stage: RotationStage) throws {
        #expect(try RotationPosition.stage(Self.nodes(nodes)) == stage)
    }

    /// Going on would leave a proxy client that some bundle in use does not trust, where the old CA may not be trusted
    /// again.
    @Test(arguments: [
        ("nN oO nN", "rotation/divergence", "cp1"), ("noN nO noN", "rotation/divergence", "cp2"),
        ("noN N noN", "rotation/no-trust", "cp2"),
    ])
    func noPosition(nodes: String, code: String, node: String) {
        let refusal = #expect(throws: Refusal.self) {
            try RotationPosition.stage(Self.nodes(nodes), mayTrustRetired: false)
        }
        #expect(refusal?.code == code && refusal?.node == node && refusal?.hint.isEmpty == false)
    }

    /// At every step of every order in which the nodes can change, each one in use trusts what is in use.
    @Test func everyStepIsTrusted() throws {
        func isSafe(_ nodes: [RotationPosition.Node]) -> Bool {
            nodes.allSatisfy { sender in
                nodes.allSatisfy { sender.hasNewLeaf ? $0.trustsKept : $0.trustsRetired }
            }
        }
        func after(_ node: RotationPosition.Node, _ stage: RotationStage) -> RotationPosition.Node {
            var node = node
            switch stage {
            case .trust: (node.trustsKept, node.trustsRetired) = (true, true)
            case .leaves: node.hasNewLeaf = true
            case .soak, .drop: node.trustsRetired = false
            case .preflight, .issue, .extensions, .proof: break
            }
            return node
        }
        var seen = 0
        func walk(_ nodes: [RotationPosition.Node]) throws {
            seen += 1
            #expect(isSafe(nodes), "\(nodes)")
            guard nodes.contains(where: { $0.trustsRetired || !$0.hasNewLeaf }) else { return }
            let stage = try RotationPosition.stage(nodes)
            for index in nodes.indices where after(nodes[index], stage) != nodes[index] {
                var next = nodes
                next[index] = after(nodes[index], stage)
                try walk(next)
            }
        }
        try walk(Self.nodes("oO oO oO"))
        // Three stages, each with six orders of three nodes.
        #expect(seen > 6 * 6 * 6)
    }

    @Test func theStagesOfOneNode() throws {
        var world = try PlanWorld(.live, unit: .base(PlanWorld.baseUnit, running: true))
        try world.apply()
        let old = try #require(world.inventory.current)
        let new = CAGeneration(id: "0009", certificate: summary("new"), pem: Array("new\n".utf8))
        world.inventory.generations.append(new)
        world.options.stage = CertificateStage(bundle: [new, old], leaves: .asInstalled)
        let trust = try #require(world.plan.nodes.first)
        #expect(trust.files.map(\.path) == [world.node.ca.path] && !trust.restarts && !trust.daemonReload)
        #expect(world.plan.issues.isEmpty && world.plan.refusals == [])
        try world.apply()
        #expect(world.node.ca.content == new.pem + old.pem && world.plan.isEmpty)

        world.options.stage = CertificateStage(bundle: [new, old], leaves: .signed(by: new))
        #expect(world.plan.issues.map(\.owner) == ["cp1"])
        let issues = Planner.issues(
            world.spec, inventory: world.inventory, now: world.now, stage: try #require(world.options.stage))
        #expect(issues.map(\.reason) == ["its CA is replaced"])
        let leaf = try #require(world.inventory.leaves["cp1"])
        var next = leaf
        (next.id, next.generation, next.pem, next.keySHA256) = ("0002", new.id, Array("leaf".utf8), "key")
        (world.inventory.leaves["cp1"], world.inventory.earlierLeaves["cp1"]) = (next, [leaf])
        let leaves = try #require(world.plan.nodes.first)
        #expect(leaves.files.map(\.path) == [world.node.key.path, world.node.certificate.path])

        // Called off: the old one's proxy client again, although it is not the newest.
        world.options.stage = CertificateStage(bundle: [new, old], leaves: .signed(by: old))
        #expect(world.plan.isEmpty && world.inventory.leaf(of: "cp1", signedBy: old) == leaf)
    }

    /// Where its generation has a cross certificate, that is part of what a node's file must hold.
    @Test func theChainBehindALeaf() throws {
        var world = try PlanWorld(.live, unit: .base(PlanWorld.baseUnit, running: true))
        try world.apply()
        let cross = CrossCertificate(certificate: summary("cross"), pem: Array("cross\n".utf8))
        world.inventory.generations[0].crossSigned = cross
        var keep = try #require(world.inventory.current)
        let leaf = try #require(world.inventory.leaves["cp1"])
        world.inventory.leaves["cp1"] = IssuedLeaf(
            id: leaf.id, certificate: leaf.certificate, pem: leaf.pem, chain: cross.pem,
            keySHA256: leaf.keySHA256, generation: leaf.generation, profile: leaf.profile)
        #expect(world.inventory.leaves["cp1"]?.certificatePEM == leaf.pem)
        #expect(RotationPosition.Node(world.node, keep: keep, retire: []).lacksChain)
        let node = try #require(world.plan.nodes.first)
        #expect(node.files.map(\.path) == [world.node.certificate.path] && !node.restarts)
        let mark = "-----BEGIN CERTIFICATE-----\n"
        func lines() -> [Message] { PlanReport(world.plan, unit: "u").lines }
        #expect(!lines().contains { $0.contains("followed by") })
        world.inventory.leaves["cp1"]?.pem = Array("\(mark)a\n\(mark)b\n".utf8)
        #expect(lines().contains { $0.hasSuffix(", followed by 1 more certificate") })
        world.inventory.leaves["cp1"]?.pem = leaf.pem + cross.pem
        try world.apply()
        #expect(world.plan.isEmpty && world.node.certificate.content == leaf.pem + cross.pem)
        #expect(!RotationPosition.Node(world.node, keep: keep, retire: []).lacksChain)
        keep.crossSigned = nil
        #expect(!RotationPosition.Node(world.node, keep: keep, retire: []).lacksChain)

        // A renewal keeps it.
        world.now = world.now.advanced(bySeconds: 300 * 86400)
        #expect(world.plan.issues.map(\.owner) == ["cp1"])
        try world.apply()
        let renewed = try #require(world.inventory.leaves["cp1"])
        #expect(renewed.certificate != leaf.certificate && world.plan.isEmpty)
        #expect(world.node.certificate.content == renewed.certificatePEM + cross.pem)
    }

    /// Outside of a rotation a CA that the state only knows as foreign is refused as before.
    @Test func aForeignGeneration() throws {
        var world = try PlanWorld(.live, unit: .base(PlanWorld.baseUnit, running: true))
        try world.apply()
        var foreign = try #require(world.inventory.current)
        (foreign.id, foreign.standing, foreign.certificate) = ("0000", .foreign, summary("theirs"))
        world.inventory.generations.insert(foreign, at: 0)
        world.node.requestHeaderCAs[0].certificates = [foreign.certificate]
        #expect(world.plan.refusals.map(\.code) == ["plan/foreign-ca"])
        world.options.stage = CertificateStage(
            bundle: [try #require(world.inventory.current), foreign], leaves: .asInstalled)
        #expect(world.plan.refusals == [])
    }

    /// New proxy clients alone: what else differs is for init, and a first CA is too.
    @Test func theCertificatesAlone() throws {
        var world = try PlanWorld(.live, unit: .base(PlanWorld.baseUnit, running: true))
        world.options.scope = .certificates
        #expect(world.plan.refusals.map(\.code) == ["rotation/no-ca"])
        world.options.scope = .everything
        try world.apply()
        (world.options.scope, world.options.renewal) = (.certificates, .always)
        world.spec.apiServer.aggregatorRouting = true
        let node = try #require(world.plan.nodes.first)
        #expect(world.plan.refusals == [] && world.plan.issues.map(\.owner) == ["cp1"])
        #expect(node.files.map(\.path) == [world.node.key.path, world.node.certificate.path])
        #expect(!node.restarts && !node.daemonReload)
    }

    @Test(arguments: [
        (RenewalRule.twoThirds, 10, false), (.twoThirds, 70, true), (.within(seconds: 86400 * 30), 69, false),
        (.within(seconds: 86400 * 30), 70, true), (.always, 0, true),
    ])
    func renewalRules(rule: RenewalRule, day: Int64, isDue: Bool) {
        var certificate = summary("leaf")
        certificate.notBefore = UnixTime(seconds: 0)
        certificate.notAfter = UnixTime(seconds: 100 * 86400)
        #expect((rule.reason(for: certificate, now: UnixTime(seconds: day * 86400)) != nil) == isDue)
    }
}
