// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Planning
import Values

/// Which program a command runs, where what precedes it is another program, a container's maker or a shell.
@Suite struct CommandFormTests {
    private static func plan(_ service: String, members: String = "") throws -> Plan {
        try PlanWorld(.offline, unit: .base("[Service]\n\(service)\n", running: false), members: members).plan
    }

    private static let ours = "-v /etc/kubernetes/ssl:/etc/kubernetes/ssl:ro"

    /// The program behind these is kube-apiserver.
    static let wrapped = [
        "/usr/bin/flock /run/lock/x /usr/bin/kube-apiserver", "/usr/bin/flock -w 5 -n /run/x kube-apiserver",
        "/usr/bin/systemd-cat -t x kube-apiserver",
        "/usr/bin/systemd-cat --identifier=x -- /bin/kube-apiserver",
        "/usr/bin/nice -5 kube-apiserver", "/usr/bin/nice -n -5 kube-apiserver",
        "/usr/bin/nice --adjustment 5 kube-apiserver", "/usr/bin/nice kube-apiserver",
        "/usr/bin/env -u X -C / A=b kube-apiserver",
        "/usr/bin/env -i A=kube-apiserver /usr/bin/kube-apiserver",
        "/usr/bin/ionice -c2 -n 0 kube-apiserver", "/usr/bin/ionice -c 2 -t kube-apiserver",
        "/usr/bin/chrt -r 5 kube-apiserver", "/usr/bin/taskset -c 0-3 kube-apiserver",
        "/usr/bin/taskset 0xf nice kube-apiserver", "/sbin/runuser -u kube -g kube -- kube-apiserver",
        "/sbin/runuser --user=kube kube-apiserver", "/usr/bin/nsenter --net=/run/netns/k kube-apiserver",
        "/usr/bin/nsenter -t 1 -n -- kube-apiserver", "/usr/bin/numactl -N 0 --membind 0 kube-apiserver",
        "/usr/bin/stdbuf -oL -e 0 kube-apiserver", "/usr/bin/timeout -k 5 1d kube-apiserver",
        "/usr/bin/setpriv --reuid kube --clear-groups --nnp kube-apiserver",
        "/usr/bin/prlimit --nofile=9:9 -c0 kube-apiserver",
        "/usr/bin/unshare -pf --mount-proc kube-apiserver",
        "/usr/bin/sudo -u kube A=b kube-apiserver", "/sbin/ip netns exec k kube-apiserver",
        "/sbin/ip -n x vrf exec k kube-apiserver", "/usr/bin/chpst -u kube -o 9 kube-apiserver",
        "/usr/bin/systemd-inhibit --what idle kube-apiserver", "/usr/bin/dumb-init -v -- kube-apiserver",
        "/usr/bin/tini -s -p SIGTERM -- kube-apiserver", "/usr/bin/gosu kube kube-apiserver",
        "/opt/kube-log-runner -log-file=/x --also-stdout kube-apiserver",
        "/usr/bin/nohup setsid -w kube-apiserver",
        "/usr/bin/hyperkube kube-apiserver", "@/usr/bin/hyperkube kube-apiserver",
        "@/usr/bin/nice x -n 5 kube-apiserver",
    ]

    @Test(arguments: wrapped) func aProgramThatRunsKubeAPIServer(command: String) throws {
        let plan = try Self.plan("ExecStart=\(command) --v=2")
        #expect(plan.refusals.isEmpty && plan.notices.map(\.code) == ["plan/freezes"], "\(plan)")
    }

    /// kube-apiserver stands in the command, and is not what it runs.
    static let others = [
        "/usr/bin/docker-compose up kube-apiserver", "/usr/bin/docker compose up kube-apiserver",
        "/usr/bin/supervisorctl start kube-apiserver", "/usr/bin/supervisorctl start /usr/bin/kube-apiserver",
        "/usr/bin/systemctl start kube-apiserver", "/usr/bin/systemd-cat -t kube-apiserver /x.sh",
        "/usr/bin/systemd-cat --identifier kube-apiserver /x.sh",
        "/usr/bin/systemd-cat --ident kube-apiserver /x.sh",
        "/usr/bin/flock /run/lock/kube-apiserver /usr/bin/etcd", "/usr/bin/flock -c kube-apiserver",
        "/usr/bin/env -C /opt/kube-apiserver etcd", "/usr/bin/env A=/kube-apiserver etcd",
        "/usr/bin/chrt 5 etcd /usr/bin/kube-apiserver", "/usr/bin/taskset kube-apiserver etcd",
        "/usr/bin/timeout 5 etcd kube-apiserver", "/usr/bin/sudo -u kube-apiserver etcd",
        "/usr/bin/ip netns exec kube-apiserver etcd", "/usr/bin/ip netns add kube-apiserver",
        "/usr/bin/gosu kube-apiserver etcd", "/usr/bin/hyperkube kubelet", "@/usr/bin/etcd kube-apiserver",
        "@/usr/bin/hyperkube kubelet", "/usr/bin/tail -F kube-apiserver",
        "/usr/bin/watchdog /usr/bin/kube-apiserver",
        "/usr/bin/systemd-nspawn /usr/bin/kube-apiserver --etcd-servers=x",
        "/usr/bin/ssh cp /usr/bin/kube-apiserver --etcd-servers=x",
        "/usr/bin/runuser kube /usr/bin/kube-apiserver", "/usr/bin/su kube kube-apiserver",
        "/usr/bin/ionice -p 5 kube-apiserver", "/usr/bin/podman kube play kube-apiserver",
        "/usr/bin/docker run \(ours) kube-apiserver:v1 etcd",
        "/usr/bin/docker run \(ours) --name kube-apiserver etcd:3",
        "/usr/bin/docker run \(ours) --entrypoint etcd kube-apiserver:v1",
        "/usr/bin/docker run \(ours) hyperkube:v1 /hyperkube kubelet",
        "/usr/bin/rkt run hyperkube --exec=/hyperkube -- kubelet",
    ]

    @Test(arguments: others) func anotherProgram(command: String) throws {
        let plan = try Self.plan("ExecStart=\(command) --v=2")
        #expect(plan.refusals.map(\.code) == ["plan/not-kube-apiserver"], "\(plan.refusals)")
    }

    /// A program that is not known is taken for a wrapper if kube-apiserver's own flags follow kube-apiserver's path.
    @Test(arguments: [
        ("/opt/k8s/wrap -x /etc/x -- /usr/bin/kube-apiserver --etcd-servers=x", nil),
        ("/opt/k8s/wrap a /usr/bin/hyperkube apiserver --etcd_servers x", nil),
        ("/opt/k8s/wrap kube-apiserver --etcd-servers=x", "plan/not-kube-apiserver"),
        ("/opt/k8s/wrap -x /usr/bin/kube-apiserver --etcd-servers=x", "plan/not-kube-apiserver"),
        ("/opt/k8s/wrap /usr/bin/kube-apiserver --interval=5", "plan/not-kube-apiserver"),
        ("/opt/k8s/run-apiserver.sh --etcd-servers=x", "plan/not-kube-apiserver"),
    ])
    func aProgramThatIsNotKnown(command: String, code: String?) throws {
        let plan = try Self.plan("ExecStart=\(command)")
        #expect(plan.refusals.map(\.code) == (code.map { [$0] } ?? []), "\(plan.refusals)")
        let notice = plan.notices.first { $0.code == "plan/unknown-wrapper" }
        #expect((notice != nil) == (code == nil), "\(plan.notices)")
        #expect(notice?.message.contains("/opt/k8s/wrap") != false)
    }

    /// Options before the image, as docker and podman read them, and which of the mounts is on top.
    static let mounts: [(String, Bool)] = [
        ("docker run --env-file /etc/kube-apiserver -v A:A IMAGE", true),
        ("docker run --user kube-apiserver --name kube-apiserver -v A:A IMAGE", true),
        ("docker run --entrypoint kube-apiserver -v A:A k8s:v1", true),
        ("docker run -itv A:A IMAGE", true), ("docker run -dv=A:A IMAGE", true),
        ("docker run -itvA:A:ro IMAGE", true),
        ("docker -H unix:///x container run --rm -v A:A IMAGE kube-apiserver", true),
        ("docker run -v /etc//kubernetes/./ssl/:/etc/x/../kubernetes//ssl/ IMAGE", true),
        ("docker run -v /etc/kubernetes/../x:A IMAGE", false),
        ("docker run -v A:A --tmpfs /etc/kubernetes IMAGE", true),
        ("docker run -v /etc:/etc --tmpfs /etc/kubernetes:rw IMAGE", false),
        ("docker run -v A:A -v A/certs IMAGE", true),
        ("docker run -v /etc:/etc -v A IMAGE", false),
        ("docker run --mount type=volume,src=A,dst=A IMAGE", false),
        ("docker run --mount src=k,dst=A IMAGE", false),
        ("docker run --mount type=bind,src=A,dst=A,ro IMAGE", true),
        ("docker run -v /etc:/etc --mount type=tmpfs,dst=A IMAGE", false),
        ("podman run --mount=type=bind,source=/etc,target=/etc --mount type=volume,target=A IMAGE", false),
        ("docker run -v A:A -v /srv/ca.pem:A/aggregator-ca.pem IMAGE", false),
        ("docker run -v A:A -v /srv/x:A/sub IMAGE", true), ("podman run --pod x --tmpfs A IMAGE", false),
        (
            "ctr -n k8s.io run --net-host --mount type=bind,src=A,dst=A,options=rbind:ro IMAGE id kube-apiserver",
            true
        ),
        ("ctr run --mount type=bind,src=/srv,dst=A IMAGE id kube-apiserver", false),
        ("rkt run --volume k,kind=empty --mount volume=k,target=A IMAGE -- --v=2", false),
        ("sudo -n docker run -v A:A IMAGE", true), ("docker run --net=host -v /srv:A IMAGE", false),
    ]

    @Test(arguments: mounts) func whatAContainerSees(command: String, isThere: Bool) throws {
        let text = command.replacing("IMAGE", with: "k/kube-apiserver:v1").replacing(
            "A:", with: "\(Self.directory):"
        )
        .replacing(":A", with: ":\(Self.directory)").replacing("=A", with: "=\(Self.directory)")
        .replacing(" A", with: " \(Self.directory)")
        let plan = try Self.plan("ExecStart=/usr/bin/\(text) --v=3")
        #expect(
            plan.refusals.map(\.code) == (isThere ? [] : ["plan/not-mounted"]), "\(text): \(plan.refusals)")
        #expect(plan.notices.contains { $0.code == "plan/container" } == isThere)
    }

    private static let directory = "/etc/kubernetes/ssl"

    /// Settings that give the service other files than the node's under the same paths.
    static let views: [(String, String?)] = [
        ("RootDirectory=/srv/k", "plan/hidden-path"), ("RootImage=/srv/k.raw", "plan/hidden-path"),
        ("RootDirectory=/", nil), ("RootDirectory=/srv/k\nRootDirectory=", nil),
        ("RootDirectory=/srv/k\nBindReadOnlyPaths=A", nil),
        ("RootDirectory=/srv/k\nBindPaths=-A:A:rbind /x:/y", nil),
        ("RootDirectory=/srv/k\nBindPaths=/etc /usr", nil),
        ("RootDirectory=/srv/k\nBindPaths=/srv/e:/etc", "plan/hidden-path"),
        ("RootDirectory=/srv/k\nBindPaths=A\nBindPaths=", "plan/hidden-path"),
        ("RootDirectory=/srv/%i", "plan/hidden-path"),
        ("InaccessiblePaths=/etc/kubernetes", "plan/hidden-path"),
        ("InaccessibleDirectories=-A", "plan/hidden-path"),
        ("InaccessiblePaths=/etc/kubernetes\nBindPaths=A", "plan/hidden-path"),
        ("InaccessiblePaths=A/sub /home", nil),
        ("InaccessiblePaths=A/aggregator-key.pem", "plan/hidden-path"),
        ("InaccessiblePaths=/etc\nInaccessiblePaths=", nil),
        ("TemporaryFileSystem=/etc:ro", "plan/hidden-path"),
        ("TemporaryFileSystem=/etc:ro\nBindReadOnlyPaths=A", nil),
        ("BindPaths=/srv/k:A", "plan/hidden-path"), ("BindPaths=\"/etc:/etc\"", nil),
        ("MountImages=/i.raw:/etc", "plan/hidden-path"),
        ("TemporaryFileSystem=/run/%p", nil), ("TemporaryFileSystem=%E", "plan/path-unseen"),
        ("BindPaths=/srv/%H:A", "plan/path-unseen"),
        ("ProtectHome=yes\nPrivateTmp=yes\nPrivateDevices=yes", nil),
    ]

    @Test(arguments: views) func whatTheServiceSees(settings: String, code: String?) throws {
        let lines = settings.replacing("A/", with: "\(Self.directory)/").replacing(
            "=A", with: "=\(Self.directory)"
        )
        .replacing("-A", with: "-\(Self.directory)").replacing(":A", with: ":\(Self.directory)")
        // An operator's own variable does not make the files visible.
        for flags in ["--v=2", "--v=2 $AGGREGATION_FLAGS"] {
            let plan = try Self.plan("\(lines)\nExecStart=/usr/bin/kube-apiserver \(flags)")
            let said = plan.refusals.map(\.code) + plan.notices.map(\.code).filter { $0 != "plan/freezes" }
            #expect(said == (code.map { [$0] } ?? []), "\(lines): \(said)")
            let names = settings.split(separator: "\n").map { $0.split(separator: "=")[0] + "= (" }
            #expect(
                plan.refusals.allSatisfy { names.contains(where: $0.message.description.contains) },
                "\(plan.refusals)")
        }
    }

    @Test(arguments: [
        ("ProtectHome=yes", "/root/k", "plan/hidden-path"),
        ("ProtectHome=tmpfs", "/home/k", "plan/hidden-path"),
        ("ProtectHome=read-only", "/root/k", nil), ("PrivateTmp=true", "/var/tmp/k", "plan/hidden-path"),
        ("PrivateTmp=true", "/var/k", nil),
    ])
    func aDirectoryThatTheServiceHasOfItsOwn(setting: String, directory: String, code: String?) throws {
        let members = "\"certificates\": { \"directory\": \"\(directory)\" },"
        let plan = try Self.plan("\(setting)\nExecStart=/usr/bin/kube-apiserver", members: members)
        #expect(plan.refusals.map(\.code) == (code.map { [$0] } ?? []), "\(plan.refusals)")
    }

    @Test(arguments: [
        ("/usr/sbin/chroot /srv/k kube-apiserver", "plan/hidden-path"),
        ("/usr/sbin/chroot / kube-apiserver", nil),
        ("/usr/sbin/chroot --userspec=k:k /srv//k/ nice /kube-apiserver", "plan/hidden-path"),
        ("/usr/bin/unshare -R /srv/k kube-apiserver", "plan/hidden-path"),
        ("/usr/bin/unshare --root=/srv/k kube-apiserver", "plan/hidden-path"),
        ("/usr/bin/chpst -/ /srv/k kube-apiserver", "plan/hidden-path"),
        ("/usr/bin/nsenter -t 1 -m kube-apiserver", "plan/path-unseen"),
        ("/usr/bin/nsenter -at 1 kube-apiserver", "plan/path-unseen"),
        ("/bin/sh -c 'exec chroot /srv/k kube-apiserver $AGGREGATION_FLAGS'", "plan/hidden-path"),
        ("/bin/sh -c 'exec docker run kube-apiserver:v1 $AGGREGATION_FLAGS'", "plan/not-mounted"),
    ])
    func aProgramThatChangesTheRoot(command: String, code: String?) throws {
        let plan = try Self.plan("ExecStart=\(command)")
        let said = plan.refusals.map(\.code) + plan.notices.map(\.code).filter { $0 != "plan/freezes" }
        #expect(said == (code.map { [$0] } ?? []), "\(said)")
        guard command.contains("chroot /srv") else { return }
        let bound = try Self.plan("BindPaths=/etc/kubernetes:/srv/k/etc/kubernetes\nExecStart=\(command)")
        #expect(bound.refusals.isEmpty, "\(bound.refusals)")
    }

    /// A shell's text of which it is not sure what kube-apiserver gets.
    static let shells: [(String, String?)] = [
        ("exec kube-apiserver --v=2 $F", nil), ("exec kube-apiserver $F --v=2 >>/var/log/k 2>&1", nil),
        ("exec kube-apiserver >>/var/log/k 2>&1 --v=2 $F", nil),
        ("[ -x /usr/bin/kube-apiserver ] && exec kube-apiserver $F", nil),
        ("mkdir -p /var/log/kube-apiserver; exec kube-apiserver $F", nil),
        ("echo kube-apiserver; exec nice -n 5 kube-apiserver $F", nil),
        ("X=1 exec -a api kube-apiserver $F", nil), ("while true; do kube-apiserver $F; sleep 1; done", nil),
        ("exec kube-apiserver --advertise-address=${IP} $F # the flags", nil),
        ("exec kube-apiserver --v=2#3 $F", nil),
        ("kube-apiserver --version; exec kube-apiserver $F", "unit/wrapper"),
        ("kube-apiserver $F || kube-apiserver --x", "unit/wrapper"),
        ("if [ -f /x ]; then exec kube-apiserver $F; else exec kube-apiserver; fi", "unit/wrapper"),
        ("V=$(kube-apiserver --version); exec kube-apiserver $F", "unit/wrapper"),
        ("F=--v=2; exec kube-apiserver $F", "unit/wrapper"),
        ("export F=; exec kube-apiserver $F", "unit/wrapper"),
        ("F+=x; exec kube-apiserver $F", "unit/wrapper"), ("unset F; exec kube-apiserver $F", "unit/wrapper"),
        ("read -r F </x; exec kube-apiserver $F", "unit/wrapper"),
        ("for F in 1 2; do kube-apiserver $F; done", "unit/wrapper"),
        ("declare -x F=1; kube-apiserver $F", "unit/wrapper"),
        (": ${F:=x}; kube-apiserver $F", "unit/wrapper"),
        (". /etc/k.env; exec kube-apiserver $F", "unit/wrapper"),
        ("source /etc/k.env && exec kube-apiserver $F", "unit/wrapper"),
        ("eval F=x; exec kube-apiserver $F", "unit/wrapper"),
        ("cat <<E; exec kube-apiserver $F", "unit/wrapper"),
        ("exec kube-apiserver --v=2 # $F", "unit/wrapper"), ("exec kube-apiserver #$F", "unit/wrapper"),
        ("#exec kube-apiserver $F", "unit/wrapper"), ("exec kube-apiserver $F \"$@\"", "unit/wrapper"),
        ("exec kube-apiserver `cat /x` $F", "unit/wrapper"),
        ("exec kube-apiserver $(cat /x) $F", "unit/wrapper"),
        ("exec kube-apiserver \"$OTHER\" $F", "unit/wrapper"),
        ("exec -a kube-apiserver etcd $F", "unit/wrapper"),
        ("echo kube-apiserver $F", "unit/wrapper"),
    ]

    @Test(arguments: shells) func aShellsText(text: String, code: String?) throws {
        let quoted = text.replacing("$F", with: "$AGGREGATION_FLAGS").replacing(
            "F", with: "AGGREGATION_FLAGS"
        )
        .replacing("AGGREGATION_AGGREGATION_FLAGSLAGS", with: "AGGREGATION_FLAGS")
        let plan = try Self.plan("ExecStart=/bin/sh -c '\(quoted)'")
        #expect(plan.refusals.map(\.code) == (code.map { [$0] } ?? []), "\(quoted): \(plan.refusals)")
        let members =
            #""apiServer": { "flagsIn": "environmentFile", "environmentFile": { "path": "/e", "variable": "F" } },"#
        var world = try PlanWorld(
            .offline,
            unit: .base("[Service]\nEnvironmentFile=/e\nExecStart=/bin/sh -c '\(text)'\n", running: false),
            members: members)
        world.node.unit?.environmentFiles = ["/e": "F=--v=2\n"]
        // Where the shell does not use the variable at all, that is what is said.
        let codes = world.plan.refusals.map(\.code)
        #expect(
            codes == (code.map { [$0] } ?? []) || (code != nil && codes == ["unit/doubled"]),
            "\(text): \(codes)")
    }

    @Test(arguments: ["/usr/bin/zsh", "/usr/bin/fish", "/usr/bin/docker exec x sh", "/usr/bin/flock /x -c"])
    func aShellThatDoesNotSplitOrIsElsewhere(shell: String) throws {
        let plan = try Self.plan("ExecStart=\(shell) -c 'exec kube-apiserver $AGGREGATION_FLAGS'")
        #expect(!plan.refusals.isEmpty, "\(plan.notices)")
    }
}
