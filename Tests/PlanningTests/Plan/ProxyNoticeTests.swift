// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Planning
@testable import SystemdUnits
import Values

/// `plan/proxy`: what the plan says where extension servers would be asked through a proxy.
@Suite struct ProxyNoticeTests {
    static func unit(_ environment: String, flags: String = "--service-cluster-ip-range=10.254.0.0/16")
        -> String
    {
        PlanWorld.baseUnit.replacingFirst("6443", with: "6443 \(flags)") + "\n\(environment)"
    }

    static let proxied = "Environment=HTTPS_PROXY=http://user:s3cret@proxy:3128 NO_PROXY=192.168.123.250"

    private func notice(_ world: PlanWorld) -> String? {
        world.plan.notices.first { $0.code == "plan/proxy" }?.message.description
    }

    @Test(arguments: [ObservedNode.Access.offline, .live])
    func namesTheVariableItsPlaceAndTheRange(_ access: ObservedNode.Access) throws {
        let world = try PlanWorld(access, unit: .base(Self.unit(Self.proxied), running: false))
        let text = try #require(notice(world))
        #expect(text.contains("HTTPS_PROXY is set, and NO_PROXY does not cover 10.254.0.0/16"))
        #expect(text.contains("HTTPS_PROXY is set in \(PlanWorld.basePath):5"))
        #expect(!text.contains("s3cret"))
        #expect(world.plan.refusals.isEmpty)
    }

    @Test(arguments: [
        "", "Environment=NO_PROXY=x", "\(proxied),10.254.0.0/16",
        "\(proxied)\nUnsetEnvironment=HTTPS_PROXY", "\(proxied)\nEnvironment=NO_PROXY=*",
        // What is in there may be the exceptions.
        "\(proxied)\nEnvironmentFile=/etc/kubernetes/proxy",
    ])
    func saysNothingWhereNothingIsInTheWay(_ environment: String) throws {
        #expect(notice(try PlanWorld(.live, unit: .base(Self.unit(environment), running: false))) == nil)
    }

    @Test(arguments: [
        ("EnvironmentFile=/etc/proxy.env", "/etc/proxy.env (EnvironmentFile= in"),
        ("EnvironmentFile=-/etc/p*.env", "/etc/p*.env (EnvironmentFile= in"),
        ("PassEnvironment=HTTPS_PROXY", "the system manager's HTTPS_PROXY"),
    ])
    func aProxyThatCannotBeSeenIsSaid(environment: String, place: String) throws {
        let world = try PlanWorld(.offline, unit: .base(Self.unit(environment), running: false))
        let notices = world.plan.notices.filter { $0.code == "plan/proxy-unseen" }
        #expect(notices.count == 1 && notices.first?.message.contains(place) == true, "\(notices)")
    }

    @Test func theRunningProcessCounts() throws {
        var world = try PlanWorld(.live, unit: .base(Self.unit(""), running: true))
        try world.apply()
        #expect(notice(world) == nil)
        // The system manager's, which no file of the unit shows.
        world.node.unit?.live?.proxies = .seen(ProxyEnvironment { $0 == "https_proxy" ? "p:1" : nil })
        #expect(notice(world)?.contains("https_proxy is set, and NO_PROXY is not set") == true)
        world.node.unit?.live?.proxies = .seen(
            ProxyEnvironment { ["https_proxy": "p:1", "no_proxy": "10.0.0.0/8"][$0] })
        #expect(notice(world) == nil)
    }

    @Test func aRestartBringsTheUnitsEnvironment() throws {
        var world = try PlanWorld(.live, unit: .base(Self.unit(Self.proxied), running: true))
        // The file was edited since that process was started.
        world.node.unit?.live?.proxies = .seen(ProxyEnvironment { _ in nil })
        #expect(world.plan.nodes[0].restarts && notice(world) != nil)
        try world.apply()
        world.node.unit?.live?.proxies = .seen(ProxyEnvironment { _ in nil })
        #expect(!world.plan.nodes[0].restarts && notice(world) == nil)
    }

    @Test func withRoutingRangesMayBeThoseOfThePods() throws {
        let routing = #""apiServer": { "aggregatorRouting": true },"#
        let single = try PlanWorld(
            .live, unit: .base(Self.unit(Self.proxied), running: false), members: routing)
        #expect(
            notice(single)?.contains("NO_PROXY must cover the addresses of extension API servers") == true)
        let ranges = try PlanWorld(
            .live, unit: .base(Self.unit("\(Self.proxied),10.244.0.0/16"), running: false), members: routing)
        #expect(notice(ranges) == nil)
    }
}

extension String {
    fileprivate func replacingFirst(_ text: String, with other: String) -> String {
        guard let range = firstRange(of: text) else { return self }
        return self[..<range.lowerBound] + other + self[range.upperBound...]
    }
}
