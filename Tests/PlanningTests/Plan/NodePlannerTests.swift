// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Planning
@testable import Spec
@testable import SystemdUnits
@testable import Values

/// What is decided for one node, and what is refused.
@Suite struct NodePlannerTests {
    private static func running(_ base: String = PlanWorld.baseUnit, _ members: String = "") throws
        -> PlanWorld
    {
        try PlanWorld(.live, unit: .base(base, running: true), members: members)
    }

    private static func converged(_ members: String = "") throws -> PlanWorld {
        var world = try running(PlanWorld.baseUnit, members)
        try world.apply()
        return world
    }

    @Test func aFreshNode() throws {
        let world = try Self.running()
        let plan = world.plan
        #expect(plan.refusals == [] && plan.issues.map(\.owner) == [nil, "cp1"])
        let node = try #require(plan.nodes.first)
        // The order in which they are renamed: trust first, then the key and its certificate, then the flags.
        #expect(
            node.files.map(\.path)
                == [world.node.ca, world.node.key, world.node.certificate, world.node.flags].map(\.path))
        #expect(node.files.map(\.mode) == [0o644, 0o600, 0o644, 0o644])
        #expect(node.files.map(\.ownerIDs) == [[998, 998], [998, 998], [998, 998], [0, 0]])
        #expect(node.files.allSatisfy { $0.action == .create })
        #expect(node.makesDirectory && node.daemonReload && !node.finishesTransaction)
        #expect(node.restart == .needed("it runs without the wanted flags"))
    }

    /// Certificates that are renewed under the same paths need no restart: kube-apiserver reads them again.
    @Test(arguments: [(nil, false), ("1.20", false), ("1.19", true), ("1.30", false)] as [(String?, Bool)])
    func aRenewal(version: String?, restarts: Bool) throws {
        var world = try Self.converged()
        if let version {
            let parts = version.split(separator: ".").compactMap { Int($0) }
            world.node.apiServer?.version = KubernetesVersion(major: parts[0], minor: parts[1])
        }
        world.now = world.now.advanced(bySeconds: 300 * 86400)
        let plan = world.plan
        let node = try #require(plan.nodes.first)
        #expect(plan.issues.map(\.owner) == ["cp1"] && plan.refusals == [])
        #expect(node.files.map(\.path) == [world.node.key.path, world.node.certificate.path])
        #expect(node.restarts == restarts && !node.daemonReload)
    }

    @Test func aMetadataChange() throws {
        var world = try Self.converged()
        world.node.key.mode = 0o644
        world.node.flags.userID = 998
        let node = try #require(world.plan.nodes.first)
        #expect(node.files.map(\.action) == [.setMetadata, .setMetadata])
        #expect(node.files.map(\.path) == [world.node.key.path, world.node.flags.path])
        #expect(!node.daemonReload && node.restart == .none)
    }

    @Test func aStoppedOrFailingUnit() throws {
        var world = try PlanWorld(.live, unit: .base(PlanWorld.baseUnit, running: false))
        #expect(world.plan.nodes[0].restart == .leftStopped && world.plan.nodes[0].daemonReload)
        world.node.unit?.live?.activity = .failing
        world.node.unit?.live?.stateText = "activating/auto-restart"
        let reason: Message = "it is activating/auto-restart now and may start with the new files"
        #expect(world.plan.nodes[0].restart == .needed(reason))
        var done = try Self.converged()
        done.node.unit?.live?.activity = .failing
        #expect(done.plan.isEmpty && done.codes == ["plan/unit-failing"])
    }

    @Test func aChangedBaseUnit() throws {
        var world = try Self.converged()
        let changed = PlanWorld.baseUnit.replacing("--secure-port=6443", with: "--secure-port=7443")
        world.setBase([UnitText(path: PlanWorld.basePath, text: changed)])
        let node = try #require(world.plan.nodes.first)
        #expect(node.files.map(\.path) == [world.node.flags.path] && node.daemonReload)
        guard case .needed(let reason) = node.restart else { return #expect(Bool(false), "\(node.restart)") }
        #expect(reason.contains("--secure-port=7443") && reason.contains("--secure-port=6443"))
        #expect(world.codes == ["plan/freezes"])
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: String
        let says: String
        let make: @Sendable () throws -> PlanWorld

        init(
            _ name: String, _ code: String, _ says: String, _ make: @escaping @Sendable () throws -> PlanWorld
        ) {
            (testDescription, self.code, self.says, self.make) = (name, code, says, make)
        }

        /// A case that begins with a converged node.
        static func later(
            _ name: String, _ code: String, _ says: String,
            _ change: @escaping @Sendable (inout PlanWorld) -> Void
        ) -> Case {
            Case(name, code, says) {
                var world = try NodePlannerTests.converged()
                change(&world)
                return world
            }
        }
    }

    static let refusals: [Case] = [
        Case("live without a unit", "plan/no-unit", "no unit kube-apiserver.service") {
            try PlanWorld(.live, unit: .none)
        },
        Case("a variable that the unit does not use", "unit/doubled", "uses $V 0 times") {
            try running(
                PlanWorld.baseUnit,
                #""apiServer": { "flagsIn": "environmentFile", "environmentFile": { "path": "/etc/k.env", "variable": "V" } },"#
            )
        },
        Case("a drop-in of an unknown base", "plan/base-unit-missing", "merged from a base unit") {
            var world = try PlanWorld(.offline, unit: .base(PlanWorld.baseUnit, running: false))
            try world.apply()
            world.node.unit = nil
            return world
        },
        Case("a variable that cannot be seen", "plan/unseen-variable", "/etc/default/%H") {
            try running("[Service]\nEnvironmentFile=-/etc/default/%H\nExecStart=/kube-apiserver $OPTS\n")
        },
        Case("not ready", "plan/not-ready", "etcd, poststarthook/x") {
            var world = try running()
            world.node.apiServer?.readiness = .notReady(["etcd", "poststarthook/x"])
            return world
        },
        Case("does not answer", "plan/readiness-unseen", "connection refused") {
            var world = try running()
            world.node.apiServer?.readiness = .unseen("connection refused")
            return world
        },
        Case("was not asked", "plan/readiness-unseen", "cannot see whether") {
            var world = try running()
            world.node.apiServer = nil
            return world
        },
        Case("an unloaded edit", "plan/pending-changes", "daemon-reload") {
            var world = try running()
            world.node.unit?.live?.needDaemonReload = true
            return world
        },
        Case("a loaded edit that does not run", "plan/pending-changes", "gets --v=9") {
            var world = try running()
            let edited = PlanWorld.baseUnit.replacing("--secure-port=6443", with: "--secure-port=6443 --v=9")
            world.setBase([UnitText(path: PlanWorld.basePath, text: edited)])
            return world
        },
        Case("two commands", "unit/several-commands", "2 ExecStart=") {
            try running().changing {
                $0.setBase([UnitText(path: "/u", text: "[Service]\nExecStart=/a\nExecStart=/b\n")])
            }
        },
        Case("an operator's command over a whole unit", "plan/overridden", "10-own.conf") {
            var world = try running(
                PlanWorld.baseUnit, #""apiServer": { "flagsIn": "unit", "flags": ["--a=b"] },"#)
            try world.apply()
            let own = UnitText(
                path: "/etc/systemd/system/k.d/10-own.conf",
                text: "[Service]\nExecStart=\nExecStart=/k --a=b\n")
            world.setBase((world.node.unit?.base ?? []) + [own])
            try world.start()
            return world
        },
        .later("a foreign CA", "plan/foreign-ca", "CN=theirs, expires 2035-01-01") {
            $0.node.requestHeaderCAs = [ObservedBundle(path: "/x", certificates: [summary("theirs")])]
        },
        .later("an unreadable CA", "plan/unreadable-ca", "no PEM") {
            $0.node.requestHeaderCAs = [ObservedBundle(path: "/x", certificates: [], problem: "no PEM")]
        },
        .later("ours and a foreign CA in one bundle", "plan/foreign-ca", "CN=theirs") {
            $0.node.requestHeaderCAs[0].certificates.append(summary("theirs"))
        },
        .later("a foreign CA that is loaded", "plan/foreign-ca", "CN=theirs") {
            $0.node.apiServer?.loadedCAs?.append(CAName(der: summary("theirs").subjectDER, text: "CN=theirs"))
        },
        .later("a name that cannot be read", "plan/foreign-ca", "a name that cannot be read") {
            $0.node.apiServer?.loadedCAs?.append(CAName(der: [0x30, 0x85], text: nil))
        },
        .later("one key for clients and requestheader", "plan/shared-ca", "have the same key") {
            guard let ours = $0.node.requestHeaderCAs.first?.certificates else { return }
            $0.node.clientCA?.certificates += ours
        },
        Case("our CA under the client CA's name", "plan/file-in-use", "uses it as its --client-ca-file") {
            try PlanWorld(
                .offline,
                unit: .base(
                    "[Service]\nExecStart=/kube-apiserver --client-ca-file=/etc//kubernetes/ssl/./aggregator-ca.pem\n",
                    running: false))
        },
        Case("our key under the serving key's name", "plan/file-in-use", "--tls-sni-cert-key") {
            try running(
                PlanWorld.baseUnit.replacing(
                    "--secure",
                    with:
                        "--tls-sni-cert-key=/x.crt,/etc/kubernetes/ssl/aggregator-key.pem:a.example --secure")
            )
        },
        Case(
            "our certificate under another's name, in the spec's own flags", "plan/file-in-use",
            "--etcd-certfile"
        ) {
            try PlanWorld(
                .offline, unit: .none,
                members: #""apiServer": {"flags": ["--etcd-certfile=/etc/kubernetes/ssl/aggregator.pem"]},"#)
        },
        Case("two of ours exchanged", "plan/file-in-use", "--proxy-client-cert-file") {
            try running(
                PlanWorld.baseUnit.replacing(
                    "--secure",
                    with: "--proxy-client-cert-file=/etc/kubernetes/ssl/aggregator-ca.pem --secure"))
        },
        .later("a link in a file's place", "plan/target-kind", "a symbolic link") {
            $0.node.key.kind = .symbolicLink
        },
        .later("a linked directory", "plan/target-kind", "is a symbolic link") {
            $0.node.directory.kind = .symbolicLink
        },
        .later("a directory in a file's place", "plan/target-kind", "not a plain file") {
            $0.node.flags.kind = .directory
        },
        .later("a name that is not allowed yet", "plan/name-not-allowed-yet", "allows only aggregator") {
            $0.spec.certificates.proxyClient.commonName = "another"
            $0.spec.requestHeader.allowedNames = ["another"]
        },
        .later("another generation of ours alone", "plan/other-generation", "it trusts CN=older") { world in
            var older = world.inventory.generations[0]
            older.id = "0000"
            older.certificate = summary("older")
            world.inventory.generations.insert(older, at: 0)
            world.node.requestHeaderCAs[0].certificates = [older.certificate]
        },
        Case("routing that the spec does not mention", "plan/routing", "--enable-aggregator-routing=true") {
            try running(
                PlanWorld.baseUnit.replacing("--secure", with: "--enable-aggregator-routing --secure"))
        },
        .later("an expired CA", "plan/ca-expired", "expired at") {
            $0.now = UnixTime(year: 2040, month: 1, day: 1)
        },
        .later("a clock before the CA", "plan/clock", "before the start of the CA") {
            $0.now = UnixTime(year: 2020, month: 1, day: 1)
        },
    ]

    @Test(arguments: refusals) func refused(test: Case) throws {
        let world = try test.make()
        let refusal = try #require(world.plan.refusals.first, "\(world.plan)")
        #expect(refusal.code == test.code)
        #expect(refusal.message.contains(test.says), "\(refusal.message)")
        #expect(!refusal.hint.isEmpty)
    }

    /// A change that was interrupted after it had stopped the API server does not end while that is stopped.
    @Test(arguments: [true, false]) func stoppedByAnInterruptedChange(wasServing: Bool) throws {
        var world = try Self.running()
        world.node.unit?.live?.activity = .stopped
        world.node.unit?.live?.runningArguments = nil
        #expect(world.plan.nodes[0].restart == .leftStopped || world.plan.nodes[0].restart == .none)
        let digests = world.node.unit?.digests(without: world.node.flags.path) ?? [:]
        world.node.transaction = OpenTransaction(
            startedAt: world.now, baseDigests: digests, wasServing: wasServing)
        #expect(world.plan.nodes[0].restarts == wasServing, "\(world.plan.nodes[0].restart)")
    }

    /// What looks like one of the refusals and is none.
    static let allowed: [Case] = [
        Case("pending, and included", "plan/pending-changes", "") {
            var world = try running()
            world.node.unit?.live?.needDaemonReload = true
            world.options.includesPending = true
            return world
        },
        Case("our own interruption", "", "") {
            var world = try running()
            world.node.unit?.live?.needDaemonReload = true
            let digests = world.node.unit?.digests(without: world.node.flags.path) ?? [:]
            world.node.transaction = OpenTransaction(
                startedAt: world.now, baseDigests: digests, wasServing: true)
            return world
        },
        Case("hidden readiness", "", "") {
            var world = try running()
            world.node.apiServer?.readiness = .hidden("403")
            return world
        },
        Case("loaded CAs without the client CA's file", "", "") {
            var world = try running()
            world.node.apiServer?.loadedCAs = [
                CAName(der: summary("whatever").subjectDER, text: "CN=whatever")
            ]
            world.node.clientCA = nil
            return world
        },
        .later("an older generation of ours", "", "") { world in
            var older = world.inventory.generations[0]
            older.id = "0000"
            older.certificate = summary("older")
            world.inventory.generations.insert(older, at: 0)
            world.node.requestHeaderCAs[0].certificates.append(older.certificate)
        },
        Case("routing that the spec takes away", "", "") {
            try running(
                PlanWorld.baseUnit.replacing("--secure", with: "--enable-aggregator-routing --secure"),
                #""apiServer": { "aggregatorRouting": false },"#)
        },
        .later("both names are allowed", "", "") {
            $0.spec.certificates.proxyClient.commonName = "another"
            $0.spec.requestHeader.allowedNames = ["aggregator", "another"]
            let running = $0.node.unit?.live?.runningArguments ?? []
            let (flag, both) = ("--requestheader-allowed-names", "=aggregator,another")
            $0.node.unit?.live?.runningArguments = running.map { $0.hasPrefix(flag) ? flag + both : $0 }
        },
        Case("an inert drop-in", "plan/inert", "") { try PlanWorld(.offline, unit: .none) },
        .later("a CA that is due", "plan/ca-due", "") { $0.now = UnixTime(year: 2034, month: 1, day: 1) },
        .later("a CA of another kind", "plan/ca-differs", "") {
            $0.spec.certificates.ca.key = .rsa(bits: 2048)
        },
    ]

    @Test(arguments: allowed) func notRefused(test: Case) throws {
        let plan = try test.make().plan
        #expect(plan.refusals == [])
        if !test.code.isEmpty { #expect(plan.notices.map(\.code).contains(test.code), "\(plan.notices)") }
    }
}

extension PlanWorld {
    func changing(_ change: (inout PlanWorld) -> Void) -> PlanWorld {
        var copy = self
        change(&copy)
        return copy
    }
}
