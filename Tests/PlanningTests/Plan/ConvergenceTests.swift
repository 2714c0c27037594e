// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Planning
@testable import Spec
@testable import SystemdUnits
@testable import Values

/// Planned again after a success, the plan is empty, from wherever it began.
@Suite struct ConvergenceTests {
    struct Start: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let make: @Sendable () throws -> PlanWorld

        init(_ description: String, _ make: @escaping @Sendable () throws -> PlanWorld) {
            (testDescription, self.make) = (description, make)
        }
    }

    static let bases = [
        PlanWorld.baseUnit,
        "[Service]\nEnvironmentFile=-/etc/default/k\nExecStart=/usr/bin/kube-apiserver --a=b $AGGREGATION_FLAGS\n",
        "[Service]\nExecStart=/usr/bin/kube-apiserver --requestheader_allowed_names x \\\n  --proxy-client-key-file=/k --v 2\n",
        "[Service]\nEnvironment=\"OPTS=--v=2 --anonymous-auth=false\"\nExecStart=/usr/bin/kube-apiserver $OPTS --n=%H 'a b'\n",
        "[Service]\nType=exec\nExecStart=!/bin/sh /x y\nExecStart=\nExecStart=-/usr/bin/kube-apiserver --z=%% --$$HOME\n",
    ]

    static var starts: [Start] {
        var starts = [
            Start("no unit, offline") { try PlanWorld(.offline, unit: .none) },
            Start("no unit, flags given, offline") {
                try PlanWorld(
                    .offline, unit: .none, members: #""apiServer": { "flags": ["--v=2", "--x=a b"] },"#)
            },
            Start("no unit, flags given, live") {
                try PlanWorld(.live, unit: .none, members: #""apiServer": { "flags": ["--v=2"] },"#)
            },
        ]
        let specs = [
            "", #""certificates": { "proxyClient": { "perNode": false } },"#,
            #""apiServer": { "flagsIn": "unit", "flags": ["--secure-port=6443"], "aggregatorRouting": true },"#,
            #""apiServer": { "flags": ["--secure-port=6443"] },"#,
        ]
        for (index, base) in bases.enumerated() {
            for (number, members) in specs.enumerated() {
                for (name, access, running) in [
                    ("offline", .offline, false), ("running", .live, true), ("stopped", .live, false),
                ] as [(String, ObservedNode.Access, Bool)]
                where running || number == index % specs.count {
                    starts.append(
                        Start("base \(index), spec \(number), \(name)") {
                            var world = try PlanWorld(
                                access, unit: .base(base, running: running), members: members)
                            // A tree that lacks the file does not tell that its node does too.
                            if access == .offline, base.contains("/etc/default/k") {
                                world.node.unit?.environmentFiles["/etc/default/k"] = ""
                            }
                            return world
                        })
                }
            }
        }
        return starts
    }

    /// One thing that happens to a node between two runs.
    static let events: [(name: String, happen: @Sendable (inout PlanWorld) throws -> Void)] = [
        ("mode of the key", { $0.node.key.mode = 0o644 }), ("mode of the CA", { $0.node.ca.mode = 0o600 }),
        ("owner of the key", { $0.node.key.userID += 1 }),
        ("group of the flags", { $0.node.flags.groupID = 7 }),
        ("mode of the flags", { $0.node.flags.mode = 0o664 }),
        (
            "the CA is gone",
            { world in
                world.node.ca = ObservedFile(path: world.node.ca.path)
                world.node.requestHeaderCAs = []
            }
        ),
        ("the certificate is another", { $0.node.certificate.content = [1, 2, 3] }),
        ("the key is another", { $0.node.key.sha256 = "another" }),
        (
            "the drop-in was edited",
            { world in
                guard world.node.flags.path.hasSuffix(".conf") else { return }
                world.node.flags.content? += Array("# edited\n".utf8)
            }
        ),
        ("a year goes by", { $0.now = $0.now.advanced(bySeconds: 365 * 86400) }),
        ("the profile changes", { $0.spec.certificates.proxyClient.names.organization? += "x" }),
        ("hosts change", { $0.spec.certificates.proxyClient.hosts = [] }),
        ("routing changes", { $0.spec.apiServer.aggregatorRouting.toggle() }),
        ("another header", { $0.spec.requestHeader.usernameHeaders.append("X-Other") }),
        ("one leaf for all, or not", { $0.spec.certificates.proxyClient.perNode.toggle() }),
        (
            "it crashes",
            { world in
                guard world.node.unit?.live != nil else { return }
                world.node.unit?.live?.activity = .failing
                world.node.unit?.live?.runningArguments = nil
            }
        ),
        (
            "it is stopped",
            { world in
                world.node.unit?.live?.activity = .stopped
                world.node.unit?.live?.runningArguments = nil
            }
        ),
        (
            "an operator's drop-in, loaded and running",
            { world in
                guard let base = world.node.unit?.base, base.count == 1 else { return }
                world.setBase(
                    base + [
                        UnitText(path: "/etc/systemd/system/x.d/10-nice.conf", text: "[Service]\nNice=3\n")
                    ])
            }
        ),
        (
            "a run was killed before its reload",
            { world in
                guard let unit = world.node.unit, unit.live != nil else { return }
                world.node.unit?.live?.needDaemonReload = true
                world.node.transaction = OpenTransaction(
                    startedAt: world.now, baseDigests: unit.digests(without: world.node.flags.path),
                    wasServing: true)
            }
        ),
    ]

    @Test(arguments: starts) func aSecondPlanIsEmpty(start: Start) throws {
        var world = try start.make()
        #expect(!world.plan.isEmpty)
        try world.apply()
        expectEmpty(world, start.testDescription)
        for event in Self.events {
            try event.happen(&world)
            try world.apply()
            expectEmpty(world, "\(start.testDescription), \(event.name)")
        }
    }

    /// Several things at once, in any order; the seed is in the message.
    @Test func anyMixture() throws {
        let starts = Self.starts
        for seed in 0..<40 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var world = try starts[Int.random(in: 0..<starts.count, using: &random)].make()
            if Bool.random(using: &random) { try world.apply() }
            for event in Self.events.shuffled(using: &random).prefix(Int.random(in: 0...4, using: &random)) {
                if world.inventory.current != nil { try event.happen(&world) }
            }
            try world.apply()
            expectEmpty(world, "seed \(seed)")
        }
    }

    private func expectEmpty(_ world: PlanWorld, _ what: String) {
        let plan = world.plan
        #expect(
            plan.isEmpty && plan.refusals.isEmpty,
            "\(what): \(plan)")
    }
}
