// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Planning
@testable import Spec
@testable import Values

/// Which certificates are issued, why, and until when.
@Suite struct CertificateDecisionTests {
    private static let day: Int64 = 86400

    private func world(_ members: String = "") throws -> PlanWorld {
        try PlanWorld(.offline, unit: .base(PlanWorld.baseUnit, running: false), members: members)
    }

    @Test func nothingThere() throws {
        let world = try world(
            #""certificates": { "ca": { "validity": "10d" }, "proxyClient": { "validity": "3d" } },"#)
        let issues = world.plan.issues
        #expect(
            issues.map(\.owner) == [nil, "cp1"] && issues.allSatisfy { $0.reason == "there is none yet" })
        #expect(issues.allSatisfy { $0.notBefore == world.now.advanced(bySeconds: -300) && !$0.shortened })
        #expect(issues.map { $0.notAfter.seconds - $0.notBefore.seconds } == [10 * Self.day, 3 * Self.day])
    }

    /// The day of a run after the first, and what it issues: none before two thirds, one from there on.
    @Test(
        arguments: [
            (0, nil), (199, nil), (201, "it is due since"), (299, "it is due since"), (301, "it expired at"),
        ] as [(Int64, String?)])
    func renewal(days: Int64, reason: String?) throws {
        var world = try world(#""certificates": { "proxyClient": { "validity": "300d" } },"#)
        try world.apply()
        let old = world.inventory.leaves["cp1"]?.certificate
        world.now = world.now.advanced(bySeconds: days * Self.day)
        let issue = world.plan.issues.first
        #expect((issue == nil) == (reason == nil))
        guard let reason else { return }
        #expect(issue?.reason.hasPrefix(reason) == true && issue?.replaces == old, "\(issue?.reason ?? "")")
    }

    /// The same days where the CA's key was not kept: a leaf that still works is left, and the CA is said to be due.
    @Test(
        arguments: [(0, []), (199, []), (201, ["plan/ca-due"]), (301, ["plan/no-ca-key"])]
            as [(Int64, [String])])
    func renewalWithoutAKey(days: Int64, codes: [String]) throws {
        var world = try world(
            #""certificates": { "ca": { "keep": false }, "proxyClient": { "validity": "300d" } },"#)
        try world.apply()
        world.inventory.generations[0].hasKey = false
        world.now = world.now.advanced(bySeconds: days * Self.day)
        #expect(world.plan.issues.isEmpty && world.codes == codes, "\(world.plan)")
        // Nobody asked for a renewal that may wait when somebody asks for one.
        world.options.renewal = .always
        #expect(world.codes == ["plan/no-ca-key"])
    }

    @Test func aKeyThatIsToBeKeptNoLonger() throws {
        var world = try world()
        try world.apply()
        world.spec.certificates.ca.keepsKey = false
        #expect(world.codes == ["plan/ca-key-kept"] && world.plan.isEmpty)
        world.now = world.now.advanced(bySeconds: 300 * Self.day)
        #expect(world.plan.issues.map(\.owner) == ["cp1"])
    }

    /// A leaf that was issued while the clock was ahead is passed over once it is right, or nothing would take it.
    @Test func aLeafFromTheFuture() throws {
        var world = try world()
        try world.apply()
        world.now = world.now.advanced(bySeconds: 300 * Self.day)
        try world.apply()
        world.now = world.now.advanced(bySeconds: -299 * Self.day)
        #expect(world.plan.issues.map(\.reason).first?.hasPrefix("it is not valid before") == true)
        try world.apply()
        #expect(world.plan.isEmpty)
    }

    /// A leaf never outlives its CA, and one that ends with it is not issued again and again.
    @Test func theEndOfTheCA() throws {
        var world = try world(
            #""certificates": { "ca": { "validity": "100d" }, "proxyClient": { "validity": "100d" } },"#)
        #expect(world.plan.issues.map(\.shortened) == [false, true])
        try world.apply()
        for days in [30, 60, 9] as [Int64] {
            world.now = world.now.advanced(bySeconds: days * Self.day)
            #expect(world.plan.isEmpty)
        }
        #expect(world.codes == ["plan/ca-due"])
        world.now = world.now.advanced(bySeconds: 2 * Self.day)
        #expect(world.codes == ["plan/ca-expired"] && world.plan.issues == [])
    }

    struct ProfileChange: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let isAnother: Bool
        let make: @Sendable (inout ProxyClientSpec) -> Void

        init(_ name: String, isAnother: Bool, _ make: @escaping @Sendable (inout ProxyClientSpec) -> Void) {
            (testDescription, self.isAnother, self.make) = (name, isAnother, make)
        }
    }

    static let changes: [ProfileChange] = [
        .init("organisation", isAnother: true) { $0.names.organization = "other" },
        .init("name", isAnother: true) { $0.commonName = "x" },
        .init("hosts", isAnother: true) { $0.hosts = [] },
        .init("key", isAnother: true) { $0.key = .ecdsa(bits: 384) },
        .init("usage", isAnother: true) { $0.usages = [.clientAuth] },
        .init("hosts in another order", isAnother: false) { $0.hosts.reverse() },
        .init("usages twice", isAnother: false) { $0.usages = [.clientAuth] + $0.usages.reversed() },
        .init("signing is digital signature", isAnother: false) {
            $0.usages = $0.usages.map { $0 == .signing ? .digitalSignature : $0 }
        },
        .init("validity", isAnother: false) { $0.validity = ValidityPeriod(seconds: 86400) },
    ]

    @Test(arguments: changes) func profiles(change: ProfileChange) throws {
        var world = try world(
            #"""
            "certificates": { "proxyClient": { "hosts": ["a.example", "10.0.0.1"], "usages": ["signing", "client auth"] } },
            """#)
        try world.apply()
        change.make(&world.spec.certificates.proxyClient)
        let expected: [Message] = change.isAnother ? ["the spec asks for another certificate"] : []
        #expect(world.plan.issues.map(\.reason) == expected)
    }

    @Test func canonicalTextKeepsWhatDiffersApart() throws {
        let profile = CertificateCatalog.proxyClient(try world().spec)
        var texts = Set<String>()
        for (organization, unit) in [
            ("a", "b"), ("a\" OU=\"b", nil), ("a\\", "b"), ("a", nil), ("a b", nil), (nil, "a"),
        ]
            as [(String?, String?)]
        {
            var other = profile
            (other.names.organization, other.names.organizationalUnit) = (organization, unit)
            texts.insert(other.canonicalText)
        }
        #expect(texts.count == 6)
        #expect(texts.allSatisfy { !$0.contains("\n") })
    }

    @Test func anotherGenerationSigned() throws {
        var world = try world()
        try world.apply()
        world.inventory.generations.append(CAGeneration(id: "0009", certificate: summary("next"), pem: [9]))
        let signed = try #require(world.inventory.leaves["cp1"]?.generation)
        #expect(world.plan.issues.map(\.reason) == ["it was signed by CA generation \(signed)"])
    }

    @Test func aLeafWithoutItsCA() throws {
        var world = try world()
        try world.apply()
        world.inventory.generations = []
        world.node.requestHeaderCAs = []
        #expect(
            world.plan.issues.map(\.reason) == ["there is none yet", "its CA is not in the state directory"])
    }

    @Test(arguments: [(30, 20), (3, 2), (100, 66), (1, 0), (0, 0)] as [(Int64, Int64)])
    func dueTime(lifetime: Int64, due: Int64) {
        var certificate = summary("x")
        certificate.notBefore = UnixTime(seconds: 1000)
        certificate.notAfter = UnixTime(seconds: 1000 + lifetime)
        #expect(RenewalPolicy.dueTime(certificate).seconds == 1000 + due)
        #expect(RenewalPolicy.isDue(certificate, now: UnixTime(seconds: 1000 + due)))
        #expect(!RenewalPolicy.isDue(certificate, now: UnixTime(seconds: 999 + due)))
    }
}
