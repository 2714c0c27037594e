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

/// A whole CA rotation on three control planes, without root: what each stage does and how often it looks, and where it
/// stands after it was stopped at any step.
@Suite struct CARotationTests {
    private static let names = ["cp1", "cp2", "cp3"]

    private static func fleet() async throws -> FakeFleet {
        let fleet = try FakeFleet()
        try await fleet.converge()
        return fleet
    }

    /// Steps by the stage that was told last; what comes before the first one is under "".
    private static func stages(_ steps: [String]) -> [String: [String]] {
        var (stages, now) = ([String: [String]](), "")
        for step in steps {
            if let line = step.wholeMatch(of: /stage (\w+)/) { now = String(line.1) }
            stages[now, default: []].append(step)
        }
        return stages
    }

    private static func looks(_ steps: [String]?) -> [Int] {
        names.map { name in (steps ?? []).count { $0 == "\(name): observe" } }
    }

    /// A key of the old CA beside its certificate is removed; any other one stays.
    @Test func keysOfTheOldCA() async throws {
        let fleet = try await Self.fleet()
        let directory = "/etc/kubernetes/ssl"
        let state = fleet.directory.file("state")
        let old = try run("find", [state, "-name", "ca-key.pem"]).stdout.split(separator: "\n").map(
            String.init)
        let key = try String(contentsOfFile: try #require(old.first), encoding: .utf8)
        let other = try run("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout"]).stdout
        try fleet.directory.write(key, to: "cp1\(directory)/aggregator-ca-key.pem")
        try fleet.directory.write(key, to: "cp1\(directory)/aggregator-ca.key")
        try fleet.directory.write(other, to: "cp2\(directory)/aggregator-ca-key.pem")
        try fleet.directory.write(key, to: "cp3\(directory)/aggregator-ca-key.pem")
        let user = [
            "kube-controller-manager", "--cluster-signing-key-file=\(directory)/aggregator-ca-key.pem",
        ]
        try fleet.directory.write(user.joined(separator: "\0") + "\0", to: "cp3/proc/9/cmdline")
        try await fleet.rotate()
        #expect(fleet.machines[0].file("aggregator-ca-key.pem") == nil)
        #expect(fleet.machines[0].file("aggregator-ca.key") == nil)
        #expect(
            fleet.machines[1].file("aggregator-ca-key.pem").map { String(decoding: $0, as: UTF8.self) }
                == other)
        #expect(
            fleet.machines[2].file("aggregator-ca-key.pem").map { String(decoding: $0, as: UTF8.self) } == key
        )
        let ledger = try String(contentsOfFile: "\(state)/ledger.jsonl", encoding: .utf8)
        #expect(ledger.split(separator: "\n").count { $0.contains("removed-ca-key") } == 2)
    }

    /// Where the spec wants the key on control planes, the new CA's takes the old one's place, and no other file's.
    @Test func theNewKeyTakesTheOldOnesPlace() async throws {
        let fleet = try await Self.fleet()
        let key = #""key": { "algorithm": "ecdsa", "size": 256 }"#
        try fleet.rewriteSpec(
            #""certificates": { "ca": { \#(key), "onNodes": true }, "proxyClient": { \#(key) } },"#)
        let state = fleet.directory.file("state")
        func keys() throws -> [String] {
            try run("find", [state, "-name", "ca-key.pem"]).stdout.split(separator: "\n").map {
                try String(contentsOfFile: String($0), encoding: .utf8)
            }
        }
        let old = try #require(keys().first)
        let place = "cp1/etc/kubernetes/ssl/aggregator-ca.key"
        try fleet.directory.write(old, to: place)
        try await fleet.rotate()
        let new = try #require(keys().first)
        #expect(new != old)
        #expect(try String(contentsOfFile: fleet.directory.file(place), encoding: .utf8) == new)
        #expect(try FileStatus.of(fleet.directory.file(place))?.mode == 0o600)
        #expect(fleet.machines[1].file("aggregator-ca.key") == nil)
        let ledger = try String(contentsOfFile: "\(state)/ledger.jsonl", encoding: .utf8)
        #expect(ledger.split(separator: "\n").count { $0.contains("replaced-ca-key") } == 1)
    }

    /// Under the locks, a stage plans on the look that said which stage it is; who has waited looks again.
    @Test func howOftenAStageLooks() async throws {
        let fleet = try await Self.fleet()
        let old = try #require(fleet.machines[0].file("aggregator-ca.pem"))
        let journal = Journal()
        #expect(try await fleet.rotate(journal).direction == .forward)
        let stages = Self.stages(journal.steps)
        #expect(Self.looks(stages["preflight"]) == [1, 1, 1], "\(journal.steps)")
        // The look that finds the trust stage comes behind the last line of what was issued.
        #expect(Self.looks(stages["issue"]) == [1, 1, 1])
        // The next stage's look; the stage's own plan is made on the one before.
        #expect(Self.looks(stages["trust"]) == [1, 1, 1])
        #expect(Self.looks(stages["leaves"]) == [2, 2, 2])
        #expect(Self.looks(stages["soak"]) == [1, 1, 1])
        #expect(Self.looks(stages["drop"]) == [0, 0, 0])
        #expect(journal.steps.count { $0.hasSuffix(": observe") } == 18)
        #expect(!journal.steps.contains { $0.hasSuffix(": restart") })
        for machine in fleet.machines {
            let new = try #require(machine.file("aggregator-ca.pem"))
            #expect(new != old && machine.serves)
            #expect(try Certificate.parseBundle(pem: new, path: "new").count == 1)
        }
        #expect(try await fleet.isConverged && fleet.faultsSeen.isEmpty)
    }

    /// Who presents what, and who trusts whom: every control plane's certificate is taken by every other one.
    private static func check(_ fleet: FakeFleet, _ what: String) throws {
        for one in fleet.machines {
            guard try !one.isOpen else { continue }
            let pem = try #require(one.file("aggregator.pem"))
            let leaf = try Certificate.parseBundle(pem: pem, path: one.name)[0]
            for other in fleet.machines {
                let trusted = try #require(other.file("aggregator-ca.pem"))
                #expect(throws: Never.self, "\(one.name) at \(other.name) \(what)") {
                    try ChainVerifier.verify(
                        leaf: leaf, intermediates: [],
                        bundle: Certificate.parseBundle(pem: trusted, path: other.name),
                        at: leaf.summary.notBefore.advanced(bySeconds: 3600))
                }
            }
        }
    }

    /// A seeded draw of where and how it goes wrong, once or more often; run again it comes to the same end, and at no time
    /// is a certificate refused.
    @Test(arguments: 0..<2) func whateverGoesWrongTheNextRunContinues(lane: Int) async throws {
        // All at once would be too many threads.
        for seed in stride(from: lane, to: 12, by: 2) { try await goWrong(seed) }
    }

    private func goWrong(_ seed: Int) async throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let fleet = try await Self.fleet()
        let isDone = try await fleet.rotateGoingWrong("seed \(seed)", within: 220, &random) {
            try Self.check(fleet, $0)
        }
        if try !isDone || fleet.run().openRotation().isEmpty == false { try await fleet.rotate() }
        let what: Comment = "seed \(seed), at last"
        try Self.check(fleet, what.rawValue)
        let inventory = try fleet.run().state.inventory()
        #expect(inventory.generations.count { $0.standing == .issued } == 1, what)
        #expect(fleet.allServe && fleet.faultsSeen.isEmpty, what)
        // Copies that could not be put away are the next init's.
        try await fleet.converge()
        #expect(try await fleet.isConverged, what)
    }
}
