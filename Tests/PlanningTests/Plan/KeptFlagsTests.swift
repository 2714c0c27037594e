// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Planning
@testable import Spec
@testable import SystemdUnits
@testable import Values

/// A unit whose own command has the spec's flags already stays as it is.
@Suite struct KeptFlagsTests {
    private static func unit(_ more: [String] = []) throws -> String {
        let spec = try ClusterSpec.parse(Array(PlanningTests.spec().utf8), fileName: "x")
        let flags = APIServerFlags(spec: spec).arguments + more
        return "\(PlanWorld.baseUnit.replacing("\nUser=", with: " \(flags.joined(separator: " "))\nUser="))\n"
    }

    private static func isKept(_ world: PlanWorld) -> Bool {
        FlagsTarget.resolve(world.spec, unit: world.node.unit, access: world.node.access)
            == .kept(path: PlanWorld.basePath)
    }

    @Test(arguments: [ObservedNode.Access.live, .offline])
    func nothingIsWritten(access: ObservedNode.Access) throws {
        var world = try PlanWorld(access, unit: .base(Self.unit(), running: access == .live))
        #expect(Self.isKept(world))
        let plan = try #require(world.plan.nodes.first)
        #expect(!plan.files.contains { $0.path.contains("systemd") })
        #expect(!plan.daemonReload && !plan.restarts)
        try world.apply()
        #expect(world.plan.isEmpty)
    }

    /// The order of a list and the form of a flag do not count.
    @Test func flagsThatMeanTheSame() throws {
        let text = try Self.unit(["--enable-aggregator-routing=false"])
            .replacing("--requestheader-group-headers=", with: "--requestheader_group_headers ")
        var world = try PlanWorld(.live, unit: .base(text, running: true))
        #expect(Self.isKept(world))
        try world.apply()
        #expect(world.plan.isEmpty && world.plan.refusals.isEmpty)
    }

    @Test func otherFlagsGoIntoADropIn() throws {
        let text = try Self.unit().replacing(
            "--requestheader-allowed-names=", with: "--requestheader-allowed-names=x,")
        let world = try PlanWorld(.live, unit: .base(text, running: true))
        #expect(!Self.isKept(world))
        let plan = try #require(world.plan.nodes.first)
        #expect(plan.files.contains { $0.path == UnitPaths.dropIn(of: world.spec.apiServer.unit) })
        #expect(plan.restarts)
    }

    @Test func whatWasAskedForIsDone() throws {
        let world = try PlanWorld(
            .live, unit: .base(Self.unit(), running: true), members: #""apiServer": { "flagsIn": "dropIn" },"#
        )
        #expect(!Self.isKept(world))
    }

    /// A drop-in of an earlier run stays what holds the flags.
    @Test func ourDropInStays() throws {
        var world = try PlanWorld(.live, unit: .base(Self.unit(), running: true))
        world.node.unit?.hasOwnDropIn = true
        #expect(!Self.isKept(world))
    }

    /// The unit was edited, and its process has not been restarted since.
    @Test func aProcessWithoutThemIsRestarted() throws {
        var world = try PlanWorld(.live, unit: .base(Self.unit(), running: true))
        world.node.unit?.live?.runningArguments = ["/usr/local/bin/kube-apiserver", "--secure-port=6443"]
        world.options.includesPending = true
        let plan = try #require(world.plan.nodes.first)
        #expect(plan.restarts && plan.files.allSatisfy { !$0.path.contains("systemd") })
        world.node.unit?.live?.loadedArguments = ["/usr/local/bin/kube-apiserver"]
        #expect(world.plan.nodes.first?.daemonReload == true)
    }

    @Test func routingThatNobodyDecidedStays() throws {
        let world = try PlanWorld(
            .live, unit: .base(Self.unit(["--enable-aggregator-routing=true"]), running: true))
        #expect(Self.isKept(world))
        #expect(!world.codes.contains("plan/routing"))
        let decided = try PlanWorld(
            .live, unit: .base(Self.unit(["--enable-aggregator-routing=true"]), running: true),
            members: #""apiServer": { "aggregatorRouting": false },"#)
        #expect(!Self.isKept(decided))
    }
}
