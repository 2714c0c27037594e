// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Planning
@testable import Spec
@testable import Values

/// What a timer's run finds due, and what it says is next.
@Suite struct DueCertificatesTests {
    private static let day: Int64 = 86400

    /// What was issued on day 0: a CA of 3000 days and a proxy client of 300.
    private func world() throws -> PlanWorld {
        var world = try PlanWorld(
            .offline, unit: .base(PlanWorld.baseUnit, running: false),
            members:
                #""certificates": { "ca": { "validity": "3000d" }, "proxyClient": { "validity": "300d" } },"#)
        try world.apply()
        return world
    }

    private func due(_ world: PlanWorld, _ rule: RenewalRule = .twoThirds) throws -> DueCertificates {
        try #require(
            DueCertificates(
                world.spec, inventory: world.inventory, observed: [world.node], now: world.now, rule: rule))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let day: Int64
        let rule: RenewalRule
        /// Whether the proxy client and the CA are due.
        let leaf: Bool
        let ca: Bool
        /// The day from which on the next one is due, and whose it is.
        let next: (Int64, String?)?
        var testDescription: String { "day \(day), \(rule)" }

        init(
            _ day: Int64, _ rule: RenewalRule = .twoThirds, leaf: Bool = false, ca: Bool = false,
            next: (Int64, String?)?
        ) {
            (self.day, self.rule, self.leaf, self.ca, self.next) = (day, rule, leaf, ca, next)
        }
    }

    static let cases = [
        Case(0, next: (200, "cp1")), Case(199, next: (200, "cp1")),
        Case(200, leaf: true, next: (2000, nil)), Case(400, leaf: true, next: (2000, nil)),
        Case(2000, leaf: true, ca: true, next: nil), Case(4000, leaf: true, ca: true, next: nil),
        Case(250, .within(seconds: 30 * day), next: (270, "cp1")),
        Case(270, .within(seconds: 30 * day), leaf: true, next: (2970, nil)),
        Case(2970, .within(seconds: 30 * day), leaf: true, ca: true, next: nil),
        Case(0, .within(seconds: 301 * day), leaf: true, next: (2699, nil)),
        Case(0, .never, next: nil),
    ]

    @Test(arguments: cases) func byTime(_ test: Case) throws {
        var world = try world()
        let begin = world.now.advanced(bySeconds: -ValidityPeriod.backdatingSeconds)
        world.now = begin.advanced(bySeconds: test.day * Self.day)
        let found = try due(world, test.rule)
        #expect((found.ca != nil) == test.ca && found.leaves.map(\.owner) == (test.leaf ? ["cp1"] : []))
        #expect(found.nodes == (test.leaf ? ["cp1"] : []))
        #expect(found.next?.owner == test.next?.1)
        #expect(found.next?.from == test.next.map { begin.advanced(bySeconds: $0.0 * Self.day) })
    }

    @Test func aSecondEarlierNothingIsDue() throws {
        var world = try world()
        let from = try #require(due(world).next?.from)
        world.now = from.advanced(bySeconds: -1)
        #expect(try due(world).leaves.isEmpty)
        world.now = from
        #expect(try due(world).leaves.count == 1)
    }

    /// A proxy client that ends with its CA is not due for ever: the CA is, and in time.
    @Test(arguments: [RenewalRule.twoThirds, .within(seconds: 20 * day)])
    func theEndOfTheCA(rule: RenewalRule) throws {
        var world = try PlanWorld(
            .offline, unit: .base(PlanWorld.baseUnit, running: false),
            members:
                #""certificates": { "ca": { "validity": "100d" }, "proxyClient": { "validity": "100d" } },"#)
        try world.apply()
        #expect(try due(world, rule).next?.owner == nil)
        world.now = world.now.advanced(bySeconds: 90 * Self.day)
        let found = try due(world, rule)
        #expect(found.ca != nil && found.leaves == [] && found.nodes == [] && found.next == nil)
    }

    /// A run that was killed has issued a certificate that its node does not have yet.
    @Test func issuedAndNotInstalled() throws {
        var world = try world()
        let installed = world.node.installedLeaf
        world.now = world.now.advanced(bySeconds: 250 * Self.day)
        try world.apply()
        #expect(try due(world).nodes == [])
        world.node.installedLeaf = installed
        let found = try due(world)
        #expect(found.nodes == ["cp1"] && found.leaves.map(\.certificate) == [installed])
    }

    @Test func whatIsNoQuestionOfTimeIsNotDue() throws {
        var world = try world()
        world.spec.certificates.proxyClient.commonName = "another"
        world.node.certificate = ObservedFile(path: world.node.certificate.path)
        world.node.installedLeaf = nil
        #expect(try due(world).nodes == [])
        world.inventory.leaves = [:]
        let found = try due(world)
        #expect(found.nodes == [] && found.next?.owner == nil)
    }

    @Test func anInterruptedChangeIsGoneOnWith() throws {
        var world = try world()
        world.node.transaction = OpenTransaction(
            startedAt: world.now, baseDigests: [:], wasServing: true)
        let found = try due(world)
        #expect(found.nodes == ["cp1"] && found.leaves == [])
    }

    @Test func withoutACA() throws {
        let world = try world()
        #expect(
            DueCertificates(world.spec, inventory: StateInventory(), now: world.now, rule: .twoThirds) == nil)
    }

    /// One certificate for all nodes is due once, on each of them.
    @Test func theSharedOne() throws {
        var world = try PlanWorld(
            .offline, unit: .base(PlanWorld.baseUnit, running: false),
            members: #""certificates": { "proxyClient": { "perNode": false, "validity": "300d" } },"#)
        try world.apply()
        var second = world.spec.nodes[0]
        second.name = "cp2"
        world.spec.nodes.append(second)
        world.now = world.now.advanced(bySeconds: 200 * Self.day)
        let found = try due(world)
        #expect(found.leaves.map(\.owner) == [LeafOwner.shared] && found.nodes == ["cp1", "cp2"])
    }

    /// A renewal leaves flags and unit as they are, and what it plans is done with one run.
    @Test func onlyCertificatesChange() throws {
        var world = try PlanWorld(
            .live, unit: .base(PlanWorld.baseUnit, running: true),
            members: #""certificates": { "proxyClient": { "validity": "300d" } },"#)
        world.node.apiServer?.version = KubernetesVersion(major: 1, minor: 24)
        try world.apply()
        world.spec.apiServer.aggregatorRouting = true
        world.now = world.now.advanced(bySeconds: 250 * Self.day)
        #expect(world.plan.nodes[0].restarts)
        world.options.scope = .certificates
        let plan = world.plan.nodes[0]
        #expect(!plan.restarts && !plan.daemonReload)
        #expect(plan.files.map(\.path) == [world.node.key.path, world.node.certificate.path])
        // An API server that reads its pair only when it starts is restarted all the same.
        world.node.apiServer?.version = KubernetesVersion(major: 1, minor: 19)
        #expect(world.plan.nodes[0].restarts)
    }
}
