// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import ControlPlane
@testable import LocalFiles
@testable import NodeAccess
@testable import Operations
@testable import Planning
@testable import SystemdUnits
@testable import Values

/// Trees as they come out of images and off nodes.
@Suite struct OfflineTreeTests {
    private static let fragment = """
        [Service]
        ExecStart=/usr/bin/kube-apiserver --secure-port=6443

        """

    private static let reading = """
        [Service]
        EnvironmentFile=/etc/kubernetes/apiserver
        ExecStart=/usr/bin/kube-apiserver $ARGS

        """

    private static let environmentSpec = OfflineCluster.spec(
        #""apiServer": { "flagsIn": "environmentFile", "environmentFile": { "path": "/etc/kubernetes/apiserver", "variable": "ARGS" } },"#
    )

    /// Runs `script` in the cluster's directory; `$ROOT` is the node's tree, and `outside` is none of it.
    private func prepare(_ cluster: OfflineCluster, _ script: String) throws {
        let line =
            "set -e; ROOT=out/cp1; U=$ROOT/usr/lib/systemd/system; E=$ROOT/etc/systemd/system\n\(script)"
        let result = try TestSupport.run("bash", ["-c", line], currentDirectory: cluster.directory.path)
        try #require(result.status == 0, "\(result.stderr)")
    }

    private func text(_ cluster: OfflineCluster, _ path: String) throws -> String {
        String(decoding: try #require(try FileReader.read(cluster.directory.file(path))), as: UTF8.self)
    }

    private func dropIn(_ cluster: OfflineCluster) throws -> String {
        try text(cluster, "out/cp1/etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf")
    }

    // MARK: - Links

    @Test func anEnvironmentFileBelowALinkedDirectory() async throws {
        let cluster = try OfflineCluster(Self.environmentSpec)
        let directory = cluster.directory.path
        try prepare(
            cluster,
            """
            mkdir -p outside $ROOT/etc $U; printf '\(Self.reading)' >$U/kube-apiserver.service
            echo 'ARGS="--host"' >outside/apiserver; ln -s \(directory)/outside $ROOT/etc/kubernetes
            """)
        let before = treeListing(cluster.directory.file("outside"))
        await #expect(throws: (any Error).self) { try await cluster.converge() }
        #expect(treeListing(cluster.directory.file("outside")) == before)
        // Where the link leads within the tree, it is followed as the node would follow it.
        try prepare(
            cluster,
            "mkdir -p $ROOT\(directory)/outside; echo 'ARGS=\"--node\"' >$ROOT\(directory)/outside/apiserver")
        try await cluster.converge()
        #expect(try text(cluster, "out/cp1\(directory)/outside/apiserver").hasPrefix("ARGS=\"--node --"))
        #expect(treeListing(cluster.directory.file("outside")) == before)
    }

    @Test func aLinkedUnitDirectoryIsTheTrees() async throws {
        let cluster = try OfflineCluster()
        try prepare(
            cluster,
            """
            mkdir -p host image $ROOT/usr/lib/systemd $ROOT/image
            printf '\(Self.fragment)' | sed s/6443/1111/ >host/kube-apiserver.service
            ln -s \(cluster.directory.path)/host $ROOT/usr/lib/systemd/system
            """)
        try await cluster.converge()
        #expect(!(try dropIn(cluster).contains("1111")))
        try prepare(
            cluster,
            """
            ln -sfn /image $ROOT/usr/lib/systemd/system; printf '\(Self.fragment)' >$ROOT/image/kube-apiserver.service
            """)
        try await cluster.converge()
        #expect(try dropIn(cluster).contains("--secure-port=6443"))
    }

    @Test func theClientCAIsThatOfTheTree() async throws {
        let cluster = try OfflineCluster()
        // The host has our own CA as its client CA; the tree has none there.
        try await cluster.converge()
        try prepare(
            cluster,
            """
            mkdir -p host $U; cp $ROOT/etc/kubernetes/ssl/aggregator-ca.pem host/ca.pem
            printf '\(Self.fragment)' | sed 's,6443,6443 --client-ca-file=/pki/ca.pem,' >$U/kube-apiserver.service
            ln -s \(cluster.directory.path)/host $ROOT/pki
            """)
        let observed = try await cluster.run().controlPlanes.observe()
        #expect(observed[0].clientCA == nil)
    }

    @Test func theNodesDirectoryIsNoLink() async throws {
        let cluster = try OfflineCluster()
        try prepare(cluster, "mkdir -p elsewhere out; ln -s ../elsewhere out/cp1")
        let error = await #expect(throws: BootstrapError.self) { try await cluster.converge() }
        #expect(error?.code == "root/symbolic-link")
        #expect(try FileReader.list(cluster.directory.file("elsewhere")) == [])
    }

    // MARK: - Environment files

    /// Whatever the file holds beside the variable stays as it is, its owner and mode too.
    @Test func theRestOfAnEnvironmentFileStays() async throws {
        let cluster = try OfflineCluster(Self.environmentSpec)
        try prepare(
            cluster,
            """
            mkdir -p $U $ROOT/etc/kubernetes; printf '\(Self.reading)' >$U/kube-apiserver.service
            printf '# caf\\351 \\377\\nARGS="--a"\\n; \\303\\n' >$ROOT/etc/kubernetes/apiserver
            chmod 0640 $ROOT/etc/kubernetes/apiserver
            if [ "$(id -u)" = 0 ]; then chown 12345:23456 $ROOT/etc/kubernetes/apiserver; fi
            """)
        let path = cluster.directory.file("out/cp1/etc/kubernetes/apiserver")
        let before = try #require(try FileStatus.of(path))
        try await cluster.converge()
        let after = try #require(try FileStatus.of(path))
        #expect((after.userID, after.groupID, after.mode) == (before.userID, before.groupID, 0o640))
        let bytes = try #require(try FileReader.read(path))
        #expect(
            bytes.starts(
                with: [0x23, 0x20, 0x63, 0x61, 0x66, 0xe9, 0x20, 0xff, 0x0a] + Array("ARGS=\"--a --".utf8)))
        #expect(bytes.suffix(5) == [0x0a, 0x3b, 0x20, 0xc3, 0x0a])
        #expect(try await cluster.converge().isNothing)
    }

    @Test func aValueThatIsNoTextIsRefused() async throws {
        let cluster = try OfflineCluster(Self.environmentSpec)
        try prepare(
            cluster,
            """
            mkdir -p $U $ROOT/etc/kubernetes; printf '\(Self.reading)' >$U/kube-apiserver.service
            printf '# x\\nARGS="--a=\\351"\\n' >$ROOT/etc/kubernetes/apiserver
            """)
        let before = treeListing(cluster.root)
        let error = await #expect(throws: BootstrapError.self) { try await cluster.converge() }
        #expect(
            error?.message.contains("/etc/kubernetes/apiserver:2: it holds a byte that is not UTF-8") == true,
            "\(String(describing: error))")
        #expect(treeListing(cluster.root) == before)
    }

    // MARK: - Drop-ins

    /// Its command would be lost from what is merged.
    @Test(arguments: [
        "mkfifo $D/10-args.conf", "mkdir $D/10-args.conf", "truncate -s 8G $D/10-args.conf",
        "ln -s /opt/missing.conf $D/10-args.conf", "ln -s 10-args.conf $D/10-args.conf",
    ])
    func aDropInThatCannotBeReadIsAnError(script: String) async throws {
        let cluster = try OfflineCluster()
        try prepare(
            cluster,
            """
            D=$E/kube-apiserver.service.d; mkdir -p $U $D; printf '\(Self.fragment)' >$U/kube-apiserver.service
            \(script)
            """)
        // The names alone: the content of one of them is 8 GiB.
        func names() throws -> String {
            try TestSupport.run("find", [cluster.root]).stdout
        }
        let before = try names()
        let error = await #expect(throws: BootstrapError.self) { try await cluster.converge() }
        #expect(error?.message.contains("10-args.conf") == true, "\(String(describing: error))")
        #expect(try names() == before)
    }

    @Test func aLinkWithinTheTreeIsADropIn() async throws {
        let cluster = try OfflineCluster()
        try prepare(
            cluster,
            """
            D=$E/kube-apiserver.service.d; mkdir -p $U $D $ROOT/opt; printf '\(Self.fragment)' >$U/kube-apiserver.service
            printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/kube-apiserver --from-link=yes\\n' >$ROOT/opt/args.conf
            ln -s /opt/args.conf $D/10-args.conf
            """)
        try await cluster.converge()
        #expect(try dropIn(cluster).contains("--from-link=yes"))
    }

    /// An empty file and a link to /dev/null, of which a tree need not have one.
    @Test func onlyTheseTwoMask() async throws {
        for mask in ["ln -s /dev/null", "ln -s ../../../../dev/null", ":>"] {
            let cluster = try OfflineCluster()
            try prepare(
                cluster,
                """
                D=$E/kube-apiserver.service.d; mkdir -p $U/kube-apiserver.service.d $D
                printf '\(Self.fragment)' >$U/kube-apiserver.service
                printf '[Service]\\nExecStart=\\nExecStart=/x/kube-apiserver --old\\n' >$U/kube-apiserver.service.d/10-a.conf
                \(mask) $D/10-a.conf
                """)
            try await cluster.converge()
            #expect(try dropIn(cluster).contains("--secure-port=6443"), "\(mask)")
            #expect(!(try dropIn(cluster).contains("--old")), "\(mask)")
        }
    }

    @Test func aBaseUnitIsMergedWithTheTreesDropIns() async throws {
        let cluster = try OfflineCluster()
        let base = try cluster.directory.write(Self.fragment, to: "base.unit")
        try prepare(
            cluster,
            """
            D=$E/kube-apiserver.service.d; mkdir -p $D
            printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/kube-apiserver --from-drop-in\\n' >$D/10-args.conf
            """)
        let effects = Effects(
            now: { OfflineCluster.now }, progress: { _ in }, systemBus: { throw CancellationError() })
        let run = try Run(
            RunRequest(specFile: cluster.specFile, root: cluster.root, baseUnitFile: base), effects: effects)
        let outcome = try await Change.toSpec(run).apply(try await Change.toSpec(run).prepare(), lock: nil)
        #expect(outcome.failure == nil)
        #expect(try dropIn(cluster).contains("--from-drop-in"))
    }

    @Test func aMaskedOrAliasedUnitIsNamed() async throws {
        for (target, code) in [("/dev/null", "unit/not-loaded"), ("other.service", "unit/alias")] {
            let cluster = try OfflineCluster()
            try prepare(
                cluster,
                """
                mkdir -p $U $E; printf '\(Self.fragment)' >$U/kube-apiserver.service; cp $U/kube-apiserver.service $E/other.service
                ln -s \(target) $E/kube-apiserver.service
                """)
            let error = await #expect(throws: BootstrapError.self) { try await cluster.converge() }
            #expect(error?.code == code)
        }
        // A unit that is linked from elsewhere is what it is called here.
        let cluster = try OfflineCluster()
        try prepare(
            cluster,
            """
            mkdir -p $ROOT/opt $E; printf '\(Self.fragment)' >$ROOT/opt/k8s.service
            ln -s /opt/k8s.service $E/kube-apiserver.service
            """)
        try await cluster.converge()
        #expect(try dropIn(cluster).contains("--secure-port=6443"))
    }

    // MARK: - Names

    /// Each of them is a drop-in of the unit to systemd.
    @Test(arguments: [
        ("kube-apiserver@a.service", "$U/kube-apiserver@.service.d"),
        ("kube-apiserver@a.service", "$U/kube-@.service.d"),
        ("kube-apiserver@a.service", "$E/kube-apiserver@a.service.d"),
        ("kube-apiserver.service", "$U/kube-.service.d"), ("kube-apiserver.service", "$U/service.d"),
        ("kube-apiserver.service", "$U/api.service.d"),
        ("kube-apiserver.service", "$E.control/kube-apiserver.service.d"),
        ("kube-apiserver.service", "$E.attached/kube-apiserver.service.d"),
    ])
    func aDropInOfAnyName(unit: String, folder: String) async throws {
        let cluster = try OfflineCluster(OfflineCluster.spec("\"apiServer\": { \"unit\": \"\(unit)\" },"))
        try prepare(
            cluster,
            """
            mkdir -p $U $E \(folder); printf '\(Self.fragment)' >$U/\(unit.replacing("@a", with: "@"))
            ln -s /usr/lib/systemd/system/kube-apiserver.service $E/api.service
            ln -s loop.service $E/loop.service
            printf '[Service]\\nExecStart=\\nExecStart=/x/kube-apiserver --from-drop-in\\n' >\(folder)/10-a.conf
            """)
        try await cluster.converge()
        let path = "out/cp1/etc/systemd/system/\(unit).d/zz-aggregation.conf"
        #expect(try text(cluster, path).contains("--from-drop-in"))
        #expect(try await cluster.converge().isNothing)
    }

    /// A file of all services never hides that of the unit, whichever directory it is in.
    @Test func theUnitsOwnDropInRanksAboveThatOfAllServices() async throws {
        let cluster = try OfflineCluster()
        try prepare(
            cluster,
            """
            D=$U/kube-apiserver.service.d; mkdir -p $D $E/service.d; printf '\(Self.fragment)' >$U/kube-apiserver.service
            printf '[Service]\\nExecStart=\\nExecStart=/x/kube-apiserver --own\\n' >$D/10-x.conf
            printf '[Service]\\nNice=1\\n' >$E/service.d/10-x.conf
            """)
        try await cluster.converge()
        #expect(try dropIn(cluster).contains("--own"))
    }
}
