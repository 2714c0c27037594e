// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Planning
@testable import Spec
@testable import SystemdUnits
@testable import Values

/// A kube-apiserver that something else than systemd runs: its files are planned, and nothing else of it.
@Suite struct ExternalServerPlanTests {
    private static let members = #""apiServer": { "managedBy": "external" },"#
    private static let base = [
        "kube-apiserver", "--secure-port=6443", "--client-ca-file=/etc/kubernetes/pki/ca.crt",
    ]

    /// - Parameter flags: more of the running process; nil where none runs.
    private func world(
        _ flags: [String]?, manager: ExternalServer.Manager = .unknown, members: String = members,
        hidden: [ExternalServer.HiddenFile] = []
    ) throws -> PlanWorld {
        var world = try PlanWorld(.live, unit: .none, members: members)
        world.node.flags = ObservedFile(path: "")
        var unit = ObservedUnit(base: [], baseDigests: [], environmentFiles: [:], live: nil)
        unit.live = LiveUnit(
            activity: flags == nil ? .stopped : .running, stateText: "running", needDaemonReload: false,
            loadedArguments: [], runningArguments: flags.map { Self.base + $0 }, mainPID: 12)
        unit.external = ExternalServer(manager: manager, hiddenFiles: hidden)
        world.node.unit = unit
        return world
    }

    private func wanted(_ members: String = members) throws -> [String] {
        APIServerFlags(
            spec: try ClusterSpec.parse(Array(PlanningTests.spec(members).utf8), fileName: "cluster.json")
        ).arguments
    }

    private func codes(_ plan: Plan) -> [String] { plan.refusals.map(\.code) + plan.notices.map(\.code) }

    @Test func filesComeFirst() throws {
        let plan = try world([]).plan
        #expect(codes(plan) == ["plan/flags-missing"])
        #expect(plan.nodes[0].files.count == 3 && !plan.nodes[0].restarts && !plan.nodes[0].daemonReload)
        let lines = plan.notices[0].details.map { String($0.description.drop { $0 == " " }) }
        #expect(try lines == wanted())
    }

    @Test func noProcessIsNoReasonToKeepFilesBack() throws {
        let plan = try world(nil).plan
        #expect(codes(plan) == ["plan/no-process"] && plan.nodes[0].files.count == 3)
        #expect(try world(nil).node.health == .unhealthy("kube-apiserver is not running"))
    }

    /// As kube-apiserver reads them, whatever their order and spelling.
    @Test func flagsThatMeanTheSame() throws {
        let members = """
            "requestHeader": { "allowedNames": ["aggregator", "front-proxy-client"] },
            "apiServer": { "managedBy": "external", "aggregatorRouting": false },
            """
        let directory = "/etc/kubernetes/ssl"
        let flags = [
            "--proxy_client_key_file", "\(directory)/aggregator-key.pem",
            "--proxy-client-cert-file=\(directory)//aggregator.pem",
            "--requestheader-allowed-names=front-proxy-client", "--requestheader-allowed-names=aggregator",
            "--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-", "--enable-aggregator-routing=false",
            "--requestheader-client-ca-file=\(directory)/aggregator-ca.pem",
        ]
        #expect(codes(try world(flags, members: members).plan) == [])
        let others = try world(
            flags.filter { !$0.contains("username") && !$0.contains("routing") } + [
                "--enable-aggregator-routing"
            ], members: members)
        #expect(codes(others.plan) == ["plan/other-flags"])
        let message = others.plan.refusals[0].message
        #expect(message.contains("lacks --requestheader-username-headers=X-Remote-User"), "\(message)")
        #expect(
            message.contains("has --enable-aggregator-routing, and the spec does not want it"), "\(message)")
    }

    /// Routing is judged where the spec says something of it, and only there.
    @Test func routingOfOthersStays() throws {
        #expect(codes(try world(try wanted() + ["--enable-aggregator-routing=true"]).plan) == [])
    }

    @Test func anotherFileIsNotReplacedByAFlag() throws {
        let flags = try wanted().map {
            $0.hasPrefix("--requestheader-client-ca-file")
                ? "--requestheader-client-ca-file=/etc/kubernetes/pki/x.crt" : $0
        }
        let plan = try world(flags, manager: .staticPod(manifest: "/m/kube-apiserver.yaml")).plan
        #expect(codes(plan) == ["plan/other-flags"])
        #expect(plan.refusals[0].message.contains("/etc/kubernetes/pki/x.crt instead of"))
        #expect(plan.refusals[0].hint.contains("/m/kube-apiserver.yaml"))
    }

    @Test(arguments: [ExternalServer.HiddenFile.Reason.notMounted, .otherFile, .mountedAlone])
    func filesThatTheProcessDoesNotSee(reason: ExternalServer.HiddenFile.Reason) throws {
        let file = ExternalServer.HiddenFile(path: "/etc/kubernetes/ssl/aggregator.pem", reason: reason)
        #expect(codes(try world(try wanted(), hidden: [file]).plan) == ["plan/hidden-file"])
        // Before it reads them, it is a thing to do.
        #expect(codes(try world([], hidden: [file]).plan) == ["plan/flags-missing", "plan/not-mounted"])
    }

    @Test func oneThatReadsItsFilesOnlyAtItsStart() throws {
        let members = #""kubernetesVersion": "1.19", "apiServer": { "managedBy": "external" },"#
        #expect(codes(try world(try wanted(), members: members).plan) == ["plan/needs-restart"])
    }

    /// Each is a line of what its manager reads.
    @Test func formsOfFlags() throws {
        func details(_ manager: ExternalServer.Manager) throws -> [String] {
            try world([], manager: manager).plan.notices[0].details.map(\.description)
        }
        let name = "--requestheader-allowed-names=aggregator"
        #expect(try details(.microK8s(argumentsFile: "/a")).contains("  \(name)"))
        #expect(try details(.rke2).contains("  - \"\(name.dropFirst(2))\""))
        let pod = try details(.staticPod(manifest: "/m"))
        #expect(pod.contains("  \"\(name)\","))
        let extra = try #require(pod.last)
        #expect(
            extra.contains(#"{ "name": "requestheader-allowed-names", "value": "aggregator" }"#), "\(extra)")
    }
}
