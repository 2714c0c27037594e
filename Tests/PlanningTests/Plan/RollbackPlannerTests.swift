// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Planning
@testable import Spec
@testable import SystemdUnits
@testable import Values
@testable import aggbootstrap

/// What goes back, what is restarted for it, and what is refused.
@Suite struct RollbackPlannerTests {
    /// A node with its first init, then another one with `members`; `previous` is what the last one replaced.
    private static func changed(_ members: String? = #""apiServer": { "aggregatorRouting": true },"#) throws
        -> PlanWorld
    {
        var world = try PlanWorld(.live, unit: .base(PlanWorld.baseUnit, running: true))
        try change(&world)
        guard let members else { return world }
        world.spec = try ClusterSpec.parse(
            Array(PlanningTests.spec(members).utf8), fileName: "cluster.json")
        try change(&world)
        return world
    }

    private static func change(_ world: inout PlanWorld, as cause: ChangeCause = .spec) throws {
        let before = files(world)
        try world.apply()
        world.node.previous = PreviousFiles(
            startedAt: UnixTime(seconds: 1_700_000_000), cause: cause,
            baseDigests: world.node.unit?.digests(without: world.node.flags.path) ?? [:],
            madeDirectories: before.contains { $0.kind != .absent } ? [] : ["/etc/kubernetes/ssl"],
            entries: zip(before, files(world)).filter { $0 != $1 }.map { entry($0, now: $1, world) })
    }

    private static func files(_ world: PlanWorld) -> [ObservedFile] {
        [world.node.ca, world.node.key, world.node.certificate, world.node.flags].map { file in
            var file = file
            // As the reader digests it; equal content, equal digest.
            file.sha256 = file.sha256 ?? file.content.map { String(decoding: $0, as: UTF8.self) }
            return file
        }
    }

    private static func entry(_ before: ObservedFile, now: ObservedFile, _ world: PlanWorld)
        -> PreviousFiles.Entry
    {
        var now = now
        let isText = now.path == world.node.flags.path
        if !isText { now.content = nil }
        guard before.kind != .absent else {
            return PreviousFiles.Entry(path: now.path, now: now, before: nil)
        }
        let known = world.inventory.generations.first { $0.pem == before.content }?.certificate
        let content: FileChange.Content =
            before.path == world.node.key.path
            ? .privateKeyCopy(path: "/copies/0", sha256: before.sha256 ?? "")
            : isText
                ? .text(before.content ?? [])
                : .certificate(before.content ?? [], known ?? summary("aggregator"))
        return PreviousFiles.Entry(
            path: now.path, now: now,
            before: .init(
                mode: before.mode, userID: before.userID, groupID: before.groupID,
                sha256: before.sha256 ?? "", content: content, certificates: known.map { [$0] } ?? []))
    }

    private func plan(
        _ worlds: PlanWorld..., unfinished: ChangeCause? = nil, options: Planner.Options = .init()
    ) -> RollbackPlanner.Result {
        var spec = worlds[0].spec
        let one = spec.nodes[0]
        spec.nodes = worlds.map {
            var node = one
            node.name = $0.node.name
            return node
        }
        return RollbackPlanner.plan(
            spec, inventory: worlds[0].inventory, nodes: worlds.map(\.node), unfinished: unfinished,
            options: options)
    }

    private func codes(_ result: RollbackPlanner.Result) -> [String] { result.plan.refusals.map(\.code) }

    @Test func toBeforeAChange() throws {
        let world = try Self.changed()
        let result = plan(world)
        let node = try #require(result.plan.nodes.first)
        #expect(result.plan.refusals == [] && result.plan.notices == [] && result.direction == .back)
        #expect(node.files.map(\.path) == [world.node.flags.path] && node.files[0].action == .replace)
        #expect(node.daemonReload && node.removesDirectories == [])
        #expect(
            node.restart == .needed("its command line changes: it loses --enable-aggregator-routing=true"))
        #expect(
            node.heading == "restore the files from before the change of \(UnixTime(seconds: 1_700_000_000))")
        #expect(!node.mayHideReadiness && result.targets.map(\.changesPair) == [false])
    }

    /// What was not there is removed, and so are directories that are empty then.
    @Test(arguments: [true, false]) func toBeforeTheFirst(showsItself: Bool) throws {
        var world = try Self.changed(nil)
        world.node.apiServer?.showsWithoutPair = showsItself
        let node = try #require(plan(world).plan.nodes.first)
        #expect(node.files.map(\.action) == [.remove, .remove, .remove, .remove])
        #expect(node.removesDirectories == ["/etc/kubernetes/ssl"] && node.daemonReload && node.restarts)
        // Without the pair, an API server that shows its readiness to nobody else cannot be asked.
        #expect(node.mayHideReadiness == !showsItself)
        let text = PlanReport(plan(world).plan, unit: "u").lines
        #expect(text.contains("  - \(world.node.key.path) removed"))
        #expect(text.contains { $0.hasPrefix("    -ExecStart=") })
    }

    /// Of one that is left alone because it was rolled back already, nobody knows whether it is as the spec says.
    @Test func theTableOfARollbackComparesWithNoSpec() throws {
        let node = try #require(plan(try Self.changed(nil)).plan.nodes.first)
        let done = NodePlan(name: "done", isLive: true)
        var both = plan(try Self.changed(nil)).plan
        both.nodes = [node, done]
        let lines = PlanReport(both, unit: "u", aim: .other).lines.map(\.description)
        let table = lines.prefix { $0 != "" }
        #expect(table.first == "the nodes differ:" && table.count == 4, "\(table)")
        #expect(
            table.last?.contains("no change") == true && !table.joined().contains("as in the spec"),
            "\(table)")
        #expect(table.dropLast().last?.contains("removed") == true, "\(table)")
        #expect(PlanReport(both, unit: "u").lines.contains { $0.description.contains("as in the spec") })
    }

    /// Where the pair alone is another one, nothing is reloaded or restarted.
    @Test func theCertificatesAlone() throws {
        let world = try Self.changed(
            #""certificates": { "proxyClient": { "key": { "algorithm": "ecdsa", "size": 384 } } },"#)
        let result = plan(world)
        let node = try #require(result.plan.nodes.first)
        #expect(node.files.map(\.path) == [world.node.key.path, world.node.certificate.path])
        #expect(!node.daemonReload && node.restart == .none && result.targets[0].changesPair)
        let text = PlanReport(result.plan, unit: "u").lines.joined(separator: "\n")
        #expect(text.contains("0600 998:998 private key, not shown") && !text.contains("-pem "))
    }

    /// Done already, or edited to the same: nothing is due.
    @Test func theSameAlready() throws {
        var world = try Self.changed(
            #""certificates": { "proxyClient": { "key": { "algorithm": "ecdsa", "size": 384 } } },"#)
        var previous = try #require(world.node.previous)
        for index in previous.entries.indices {
            let before = try #require(previous.entries[index].before)
            previous.entries[index].now.sha256 = before.sha256
        }
        world.node.previous = previous
        let result = plan(world)
        #expect(result.plan.isEmpty && result.plan.notices.map(\.code) == ["rollback/same"])
        world.node.previous?.entries[0].now.mode = 0o640
        #expect(plan(world).plan.nodes[0].files.map(\.action) == [.setMetadata])
    }

    /// Back while some node can still go back, then forward; an unfinished one goes on its own way.
    @Test(
        arguments: [
            ([.spec, .spec], nil, .back, 2), ([.back, .spec], nil, .back, 1),
            ([.back, .back], nil, .forward, 2), ([.forward, .back], nil, .back, 1),
            ([.forward, .back], .forward, .forward, 1), ([.back, .back], .back, .back, 0),
            ([.back, .spec], .forward, .forward, 1), ([.spec, nil], nil, .back, 1),
        ] as [([ChangeCause?], ChangeCause?, ChangeCause, Int)])
    func direction(causes: [ChangeCause?], unfinished: ChangeCause?, way: ChangeCause, changes: Int) throws {
        var worlds = [try Self.changed(), try Self.changed()]
        worlds[1].node.name = "cp2"
        for (index, cause) in causes.enumerated() {
            if let cause {
                worlds[index].node.previous?.cause = cause
            } else {
                worlds[index].node.previous = nil
            }
        }
        let result = plan(worlds[0], worlds[1], unfinished: unfinished)
        #expect(result.direction == way && result.plan.refusals == [])
        #expect(result.plan.nodes.count { !$0.isEmpty } == changes)
        #expect(result.plan.notices.count == 2 - changes && result.targets.count == changes)
    }

    @Test func nothingIsKept() throws {
        var world = try Self.changed()
        world.node.previous = nil
        let result = plan(world)
        #expect(codes(result) == ["rollback/nothing"] && result.plan.isEmpty)
    }

    @Test(
        arguments: [(.spec, false, ["rollback/interrupted-change"]), (.back, false, []), (.back, true, [])]
            as [(ChangeCause, Bool, [String])])
    func aChangeIsOpen(cause: ChangeCause, isDone: Bool, refusals: [String]) throws {
        var world = try Self.changed()
        world.node.transaction = OpenTransaction(
            startedAt: world.now, baseDigests: world.node.previous?.baseDigests ?? [:], wasServing: true,
            cause: cause, isDone: isDone)
        // What it went back to may be gone when it is done.
        if isDone { world.node.previous = nil }
        let result = plan(world)
        #expect(codes(result) == refusals)
        #expect(result.plan.nodes[0].finishesTransaction == (cause == .back))
        #expect(result.plan.nodes[0].files.isEmpty == (isDone || cause == .spec))
    }

    /// A CA that was dropped as compromised, or that this state does not know, does not come back; nor one for the
    /// same key.
    @Test(arguments: ["fingerprint", "key", "unknown", "shared"]) func aCAThatMustNotComeBack(why: String)
        throws
    {
        var world = try Self.changed()
        var old = summary("aggregator-ca", serial: 99)
        old.isCA = true
        let entry = PreviousFiles.Entry(
            path: world.node.ca.path, now: world.node.ca,
            before: .init(
                mode: 0o644, userID: 0, groupID: 0, sha256: "old", content: .certificate([1], old),
                certificates: [summary("leaf"), old]))
        world.node.previous?.entries.append(entry)
        if why != "unknown" {
            world.inventory.generations.insert(CAGeneration(id: "0000", certificate: old, pem: [1]), at: 0)
        }
        var dropped = CompromisedCA(
            fingerprintSHA256: old.fingerprintSHA256, publicKeySHA256: "other", since: world.now,
            subject: "CN=x")
        if why == "key" {
            (dropped.fingerprintSHA256, dropped.publicKeySHA256) = ("other", old.publicKeySHA256)
        }
        if ["fingerprint", "key"].contains(why) { world.inventory.compromised = [dropped] }
        if why == "shared" { world.node.clientCA?.certificates.append(old) }
        let code =
            ["unknown": "rollback/foreign-ca", "shared": "plan/shared-ca"][why] ?? "rollback/compromised-ca"
        #expect(codes(plan(world)).contains(code), "\(codes(plan(world)))")
    }

    /// Edits of the unit that a restart would bring into effect: not loaded yet, or hidden by our drop-in until now.
    @Test func changesOfOthers() throws {
        let edited = PlanWorld.baseUnit.replacing("--secure-port=6443", with: "--secure-port=7443")
        var first = try Self.changed(nil)
        first.setBase([UnitText(path: PlanWorld.basePath, text: edited)])
        #expect(codes(plan(first)) == ["plan/pending-changes"])
        let allowed = plan(first, options: .init(includesPending: true))
        #expect(
            codes(allowed) == []
                && allowed.plan.notices.map(\.code) == ["plan/pending-changes", "rollback/off"])
        var second = try Self.changed()
        // The drop-in of before has the command of before.
        second.setBase([UnitText(path: PlanWorld.basePath, text: edited)])
        #expect(codes(plan(second)) == [])
        second.node.unit?.live?.needDaemonReload = true
        #expect(codes(plan(second)) == ["plan/pending-changes"])
    }

    @Test func theAPIServerIsNotReady() throws {
        var world = try Self.changed()
        world.node.apiServer?.readiness = .notReady(["etcd"])
        #expect(codes(plan(world)) == ["plan/not-ready"])
        world.node.unit?.live?.activity = .failing
        world.node.unit?.live?.stateText = "activating/auto-restart"
        #expect(codes(plan(world)) == [] && plan(world).plan.nodes[0].restarts)
        world.node.unit?.live?.activity = .stopped
        #expect(plan(world).plan.nodes[0].restart == .leftStopped)
    }

    /// The whole unit is of the change that is taken back: a running service is not left without its unit.
    @Test func theUnitWouldBeGone() throws {
        var world = try Self.changed(nil)
        let path = UnitPaths.unit(world.spec.apiServer.unit)
        world.setBase([UnitText(path: path, text: PlanWorld.baseUnit)])
        let unit = ObservedFile(path: path, kind: .regular, content: Array(PlanWorld.baseUnit.utf8))
        world.node.previous?.entries = [.init(path: path, now: unit, before: nil)]
        #expect(codes(plan(world)) == ["rollback/unit-removed"])
        world.node.unit?.live?.activity = .stopped
        #expect(codes(plan(world)) == [] && plan(world).plan.nodes[0].daemonReload)
    }
}
