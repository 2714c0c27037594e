// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Values

@testable import Planning
@testable import SystemdUnits
import Values

/// What is said of a unit whose command or files are not what they must be.
@Suite struct CommandRefusalTests {
    private static let variable =
        #""apiServer": { "flagsIn": "environmentFile", "environmentFile": { "path": "/etc/k.env", "variable": "V" } },"#

    private static func world(
        _ service: String, _ access: ObservedNode.Access = .offline, members: String = "",
        files: [String: String] = [:]
    ) throws -> PlanWorld {
        var world = try PlanWorld(
            access, unit: .base("[Service]\n\(service)\n", running: false), members: members)
        world.node.unit?.environmentFiles = files
        return world
    }

    /// A file that was not given is not empty: the unit's other arguments would be wiped, or flags in it doubled.
    @Test(
        arguments: ["", variable],
        ["/usr/bin/kube-apiserver $V", "/bin/sh -c 'exec kube-apiserver $V $AGGREGATION_FLAGS'"])
    func anOptionalFileThatWasNotGiven(members: String, command: String) throws {
        let service = "EnvironmentFile=-/etc/k.env\nExecStart=\(command)"
        var world = try Self.world(service, members: members)
        world.options.root = "out"
        let refusal = try #require(world.plan.refusals.first)
        #expect(refusal.code == "plan/unseen-variable" && refusal.message.contains("/etc/k.env"))
        #expect(
            refusal.hint.contains("out/cp1/etc/k.env") && refusal.hint.contains("--base-file /etc/k.env=FILE")
        )
        // As the hint says.
        var known = world
        known.node.unit?.environmentFiles = ["/etc/k.env": "V=\"--v=2\"\n"]
        #expect(known.plan.refusals.isEmpty, "\(known.plan.refusals)")
        // On the running node what is not there is absent.
        #expect(try Self.world(service, .live, members: members).plan.refusals.isEmpty)
    }

    @Test func aFileOfWhichOnlyAValueComes() throws {
        let text =
            "EnvironmentFile=-/etc/k.env\nExecStart=/usr/bin/kube-apiserver --advertise-address=${IP} --v=2"
        #expect(try Self.world(text).plan.refusals.isEmpty)
        let flag = "EnvironmentFile=-/etc/k.env\nExecStart=/usr/bin/kube-apiserver ${FLAG} --v=2"
        #expect(try Self.world(flag).plan.refusals.map(\.code) == ["plan/unseen-variable"])
    }

    private static let rkt = "/usr/bin/rkt run --volume k,kind=host,source=/etc --mount volume=k,target=/etc"
    private static let ctr = "/usr/bin/ctr run --mount type=bind,src=/etc,dst=/etc,options=rbind"

    /// What is absent gives the command nothing, and hides nothing.
    @Test func aProgramWithAVariableOfAnAbsentFile() throws {
        for command in ["/opt/run.sh $V", "/usr/bin/etcd $V --v=2", "\(Self.rkt) kube-apiserver:v1 $V"] {
            let plan = try Self.world("EnvironmentFile=-/etc/k.env\nExecStart=\(command)", .live).plan
            #expect(plan.refusals.map(\.code) == ["plan/not-kube-apiserver"], "\(plan.refusals)")
        }
    }

    static let programs: [(String, String?)] = [
        ("/usr/bin/kube-apiserver --v=2", nil), ("/usr/bin/hyperkube apiserver", nil),
        ("/opt/kube-apiserver-v1.27.3", nil), ("/opt/kube-apiserver_1.24", nil),
        ("/opt/kube-apiserver-arm64", nil),
        ("@/usr/bin/kube-apiserver api --v=2", nil),
        ("/usr/bin/setpriv --no-new-privs /usr/bin/kube-apiserver", nil),
        ("/usr/bin/env A=b nice -n 5 /usr/bin/kube-apiserver", nil), ("/opt/run.sh $AGGREGATION_FLAGS", nil),
        ("/opt/kube-apiserver.sh --v=2", "plan/not-kube-apiserver"),
        ("/usr/bin/etcd --name kube-apiserver", "plan/not-kube-apiserver"),
        ("/usr/bin/etcd --data-dir /var/lib/apiserver", "plan/not-kube-apiserver"),
        ("/usr/bin/kubelet --v=2", "plan/not-kube-apiserver"),
        ("/usr/local/bin/k3s server", "plan/not-kube-apiserver"),
        ("/usr/local/bin/rke2 server --x kube-apiserver", "plan/not-kube-apiserver"),
        ("/opt/kube-apiserver-1.sh", "plan/not-kube-apiserver"),
        ("/opt/kube-apiserver-proxy", "plan/not-kube-apiserver"),
        ("/usr/bin/docker start -a kube-apiserver", "plan/container-start"),
        ("/usr/bin/sudo docker exec x kube-apiserver", "plan/container-start"),
        ("/usr/bin/docker run busybox top", "plan/not-kube-apiserver"),
        ("/usr/bin/docker run kube-apiserver:v1 --v=2", "plan/not-mounted"),
        ("/usr/bin/docker run -v /etc/kubernetes:/etc/kubernetes kube-apiserver:v1", nil),
        ("/usr/bin/docker run -v/etc/kubernetes/ssl/:/etc/kubernetes/ssl:ro kube-apiserver:v1", nil),
        ("/usr/bin/docker run -v /srv/k:/etc/kubernetes kube-apiserver:v1", "plan/not-mounted"),
        ("/usr/bin/docker run -v k8s:/etc/kubernetes kube-apiserver:v1", "plan/not-mounted"),
        ("/usr/bin/docker run -v /:/ kube-apiserver:v1", nil),
        ("/usr/bin/docker run --volumes-from x kube-apiserver:v1", nil),
        (
            "/usr/bin/docker run --volume=/etc:/etc -v /srv:/etc/kubernetes kube-apiserver:v1",
            "plan/not-mounted"
        ),
        ("/usr/bin/nerdctl run --mount type=bind,src=/etc,dst=/etc x/kube-apiserver@sha256:00", nil),
        ("/usr/bin/podman run --mount type=bind,src=/a,dst=/a kube-apiserver", "plan/not-mounted"),
        (
            "/usr/bin/rkt run --volume k,kind=host,source=/etc --mount volume=k,target=/etc hyperkube -- apiserver",
            nil
        ),
        (
            "/usr/bin/rkt run --volume k,kind=host,source=/a --mount volume=k,target=/a hyperkube -- apiserver",
            "plan/not-mounted"
        ),
        // Nothing behind these would reach kube-apiserver.
        ("\(rkt) kube-apiserver:v1", "plan/not-kube-apiserver"), ("\(rkt) kube-apiserver:v1 --", nil),
        ("\(rkt) kube-apiserver:v1 $AGGREGATION_FLAGS", "plan/not-kube-apiserver"),
        ("\(rkt) --no-such kube-apiserver:v1", "plan/not-kube-apiserver"),
        ("\(rkt) --no-such --v=2 kube-apiserver:v1", "plan/not-kube-apiserver"),
        ("\(rkt) --no-such kube-apiserver:v1 -- --v=2", "plan/not-kube-apiserver"),
        ("\(rkt) hyperkube --exec=/hyperkube", "plan/not-kube-apiserver"),
        ("\(rkt) x --exec=/usr/bin/kube-apiserver", "plan/not-kube-apiserver"),
        ("\(rkt) x --exec=/usr/bin/kube-apiserver --", nil),
        ("\(ctr) kube-apiserver:v1", "plan/not-kube-apiserver"), ("\(ctr) kube-apiserver:v1 id", nil),
    ]

    @Test(arguments: programs) func whatTheCommandRuns(command: String, code: String?) throws {
        let plan = try Self.world("ExecStart=\(command)").plan
        #expect(plan.refusals.map(\.code) == (code.map { [$0] } ?? []), "\(plan.refusals)")
        let isContainer = code == nil && command.contains(" run ")
        #expect(plan.notices.map(\.code).contains("plan/container") == isContainer)
        for refusal in plan.refusals where code != "plan/not-mounted" {
            #expect(
                refusal.message.description.contains(command.split(separator: " ")[0].trimmingPrefix("@")),
                "\(refusal)")
        }
    }

    @Test func severalRefusalsOfOneUnit() throws {
        let service = "EnvironmentFile=/a\nEnvironmentFile=/b\nExecStart=/opt/start -- $A"
        let plan = try Self.world(service).plan
        #expect(
            plan.refusals.map(\.code) == ["plan/unseen-variable", "plan/unseen-variable", "unit/wrapper"])
    }

    @Test func aLineThatBeginsWithDashes() throws {
        let world = try Self.world(
            "ExecStart=/usr/bin/kube-apiserver \\\n  --v=2\n  --secure-port=6443 \\\n  --x")
        let notice = try #require(world.plan.notices.first { $0.code == "plan/stray-line" })
        #expect(notice.message.contains("kube-apiserver.service:4 begins with --"), "\(notice)")
        #expect(
            try !Self.world("ExecStart=/usr/bin/kube-apiserver \\\n  --v=2").codes.contains("plan/stray-line")
        )
    }

    /// Each way that a hint names leads on.
    static let hints: [(String, String, [String: String], String)] = [
        (
            "Environment=\"A=--requestheader-allowed-names=x --v=2\"\nExecStart=/kube-apiserver $A",
            "remove the aggregation flags from A in",
            [:], "Environment=A=--v=2\nExecStart=/kube-apiserver $A"
        ),
        (
            "ExecStart=/bin/sh -c 'exec kube-apiserver --v=2'", "write $AGGREGATION_FLAGS as the last word",
            [:],
            "ExecStart=/bin/sh -c 'exec kube-apiserver --v=2 $AGGREGATION_FLAGS'"
        ),
        (
            "ExecStart=\(rkt) kube-apiserver:v1", "write -- as the last word", [:],
            "ExecStart=\(rkt) kube-apiserver:v1 --"
        ),
        (
            "ExecStart=\(ctr) kube-apiserver:v1", "write the container's name behind the image", [:],
            "ExecStart=\(ctr) kube-apiserver:v1 id"
        ),
        (
            "ExecStart=/opt/start.sh --v=2", "write $AGGREGATION_FLAGS as the last word", [:],
            "ExecStart=/opt/start.sh --v=2 $AGGREGATION_FLAGS"
        ),
        (
            "ExecStart=/kube-apiserver --v=2 -- x", "remove the --", [:],
            "ExecStart=/kube-apiserver --v=2 x"
        ),
        (
            "ExecStart=/kube-apiserver --v=2 \\ ", "remove the backslash", [:],
            "ExecStart=/kube-apiserver --v=2"
        ),
        (
            "EnvironmentFile=-/e/*.conf\nExecStart=/kube-apiserver $A", "without wildcards",
            ["/e/a.conf": "A=--v=2"],
            "EnvironmentFile=-/e/a.conf\nExecStart=/kube-apiserver $A"
        ),
        (
            "PassEnvironment=A\nExecStart=/kube-apiserver $A", "remove it from PassEnvironment=",
            ["/e": "A=--v=2"],
            "EnvironmentFile=/e\nExecStart=/kube-apiserver $A"
        ),
    ]

    @Test(arguments: hints)
    func aHintCanBeFollowed(before: String, hint: String, files: [String: String], after: String) throws {
        let refusals = try Self.world(before).plan.refusals
        #expect(refusals.count == 1 && refusals.first?.hint.contains(hint) == true, "\(refusals)")
        let plan = try Self.world(after, files: files).plan
        #expect(plan.refusals.isEmpty, "\(plan.refusals)")
    }
}
