// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import LocalFiles
@testable import Operations
@testable import Planning
@testable import Values

/// Set-ups that are judged by their files alone.
@Suite struct LintTests {
    private func codes(_ findings: [Finding]) -> [String] {
        Set(findings.map(\.code.rawValue)).sorted()
    }

    @Test(arguments: ZooCase.all) func theZoo(_ zooCase: ZooCase) async throws {
        let tree = try await ZooTree()
        try await zooCase.spoil(tree)
        let findings = try await tree.judge(version: zooCase.version)
        #expect(codes(findings) == zooCase.codes.map(\.rawValue).sorted(), "\(findings)")
    }

    @Test func theZooIsLargeAndHasEveryCode() throws {
        let broken = ZooCase.all.filter { !$0.codes.isEmpty }
        #expect(broken.count >= 50)
        #expect(Set(ZooCase.all.map(\.testDescription)).count == ZooCase.all.count)
        // Who owns a file can be changed by root alone: see below.
        let never = Set(FindingCode.allCases).subtracting(broken.flatMap(\.codes)).subtracting([.owner])
        #expect(never.isEmpty, "\(never)")
        #expect(Set(Lint.rules.map(\.code)).count == Lint.rules.count)
        #expect(Set(Lint.rules.map(\.code)) == Set(FindingCode.allCases))
    }

    @Test func aCleanTreeHasNoFinding() async throws {
        let tree = try await ZooTree()
        #expect(try await tree.judge().isEmpty)
        #expect(try await tree.judge(version: "1.33").isEmpty)
    }

    @Test(.enabled(if: geteuid() == 0, "to give files to another user takes root")) func anotherOwner()
        async throws
    {
        let tree = try await ZooTree()
        try Zoo.shell("chown 4711 .\(ZooTree.key)", in: tree.root)
        #expect(codes(try await tree.judge()) == ["lint/owner"])
        // The unit's own user may own it.
        try tree.set("User=kube")
        try tree.write("root:x:0:0::/:/bin/sh\nkube:x:4711:4711::/:/bin/false\n", "/etc/passwd")
        #expect(try await tree.judge().isEmpty)
    }

    /// What a tree of a part of a node's files does not show is said, and no fault.
    @Test func whatCannotBeJudged() async throws {
        let tree = try await ZooTree()
        func gaps() async throws -> [LintGap] {
            let request = LintRequest(
                paths: [tree.root], version: nil, warnSeconds: 0, now: Zoo.now, threads: 1)
            return try await LintRun.judge(request).gaps.map(\.gap)
        }
        let clientCA = "/etc/kubernetes/ssl/ca.pem"
        #expect(try await gaps() == [])
        try tree.remove(clientCA)
        #expect(try await gaps() == [.clientCA(clientCA)])
        try tree.remove("/etc/systemd")
        #expect(try await gaps() == [.flags])
        // What is there is judged.
        try tree.chmod(ZooTree.key, 0o644)
        #expect(codes(try await tree.judge()) == ["lint/key-readable"])
    }

    @Test func aTreeOfSeveralNodesNamesThem() async throws {
        let tree = try await ZooTree()
        try Zoo.shell("cp -a cp1 cp2; chmod 644 cp2\(ZooTree.key)", in: tree.directory.path)
        let findings = try await tree.judge([tree.directory.path])
        #expect(findings.map(\.node) == ["cp2"])
        #expect(findings.first?.file == tree.directory.file("cp2\(ZooTree.key)"))
        #expect(findings.first?["mode"] == "0644")
    }

    /// As a checkout has them, beside a copy of the unit: the unit must not hide them.
    @Test func treesFurtherDown() async throws {
        let tree = try await ZooTree()
        let directory = tree.directory
        try Zoo.shell(
            "mkdir -p repo/deploy/out; mv cp1 repo/deploy/out; chmod 644 repo/deploy/out/cp1\(ZooTree.key)",
            in: directory.path)
        try directory.write(
            "[Service]\nExecStart=/usr/bin/kube-apiserver\n", to: "repo/kube-apiserver.service")
        try Zoo.shell("ln -s / repo/deploy/link; mkdir repo/.git repo/empty", in: directory.path)
        let result = try await LintRun.judge(
            LintRequest(
                paths: [directory.file("repo")], version: nil, warnSeconds: 0, now: Zoo.now, threads: 1))
        #expect(codes(result.findings) == ["lint/key-readable"] && result.setUps == 1, "\(result.findings)")
        #expect(result.unjudged == [directory.file("repo/kube-apiserver.service")])
    }

    @Test func aFlagIsFoundOnItsLine() async throws {
        let tree = try await ZooTree()
        try tree.add("--proxy-client-key-file=\(ZooTree.key)")
        let finding = try #require(try await tree.judge().first)
        let lines = try tree.read(ZooTree.dropIn).split(separator: "\n", omittingEmptySubsequences: false)
        let places = lines.indices.filter { lines[$0].contains("proxy-client-key-file") }.map { $0 + 1 }
        #expect(finding.line == places.last)
        #expect(finding["at"] == "\(tree.root)\(ZooTree.dropIn):\(places[0])")
        // In an environment file too.
        try tree.set("EnvironmentFile=/etc/kubernetes/more.env")
        try tree.write("# more\nA=b\nMORE=--requestheader-allowed-names=x\n", "/etc/kubernetes/more.env")
        try tree.add("$MORE")
        let split = try #require(try await tree.judge().first { $0.code == .splitList })
        #expect(split.file == tree.root + "/etc/kubernetes/more.env" && split.line == 3)
        #expect(split["together"] == "aggregator,x")
    }

    // MARK: - Archives

    @Test(arguments: ["tar -cf", "tar -czf", "tar --format=pax -cJf", "tar --format=ustar -cf"])
    func anArchiveIsAsItsTree(_ pack: String) async throws {
        let tree = try await ZooTree()
        try tree.chmod(ZooTree.key, 0o644)
        try Zoo.shell("mv ssl ssl-1; ln -s /etc/kubernetes/ssl-1 ssl", in: tree.root + "/etc/kubernetes")
        let name = tree.directory.file(
            pack.contains("z") ? "a.tar.gz" : pack.contains("J") ? "a.tar.xz" : "a.tar")
        try Zoo.shell("\(pack) \(name) -C cp1 .", in: tree.directory.path)
        let wanted = codes(try await tree.judge())
        #expect(wanted == ["lint/key-readable", "lint/symbolic-link"])
        #expect(codes(try await tree.judge([name])) == wanted)
        // With the node's directory in it.
        try Zoo.shell("\(pack) \(name) cp1", in: tree.directory.path)
        let findings = try await tree.judge([name])
        #expect(codes(findings) == wanted)
        #expect(findings.contains { $0.file == "\(name):/cp1\(ZooTree.key)" })
    }

    @Test func anArchiveThatIsNone() async throws {
        let directory = try TemporaryDirectory()
        for (name, text) in [("a.tar", "no archive"), ("b.tar.gz", "no gzip")] {
            let path = try directory.write(text, to: name)
            let request = LintRequest(
                paths: [path], version: nil, warnSeconds: 0, now: Zoo.now, threads: 1)
            await #expect(throws: NodeError.self) { try await LintRun.judge(request) }
        }
    }

    @Test func anArchiveIsKnownByItsContent() async throws {
        let tree = try await ZooTree()
        try tree.chmod(ZooTree.key, 0o644)
        for (pack, name) in [("tar -cf", "plain"), ("tar -czf", "packed")] {
            try Zoo.shell("\(pack) \(name) cp1", in: tree.directory.path)
            #expect(codes(try await tree.judge([tree.directory.file(name)])) == ["lint/key-readable"])
        }
    }

    /// They are what the member was at their place in the archive, also if it is replaced below.
    @Test func hardLinksOfAnArchive() async throws {
        let tree = try await ZooTree()
        let script = """
            import tarfile
            with tarfile.open("a.tar", "w") as archive:
                archive.add("cp1")
                folder = "cp1/etc/kubernetes/ssl/"
                def link(name, target, kind=tarfile.LNKTYPE):
                    member = tarfile.TarInfo(folder + name)
                    member.type, member.linkname = kind, target
                    archive.addfile(member)
                link("a", folder + "aggregator.pem")
                link("b", folder + "a")
                link("aggregator.pem", "b", tarfile.SYMTYPE)
                link("aggregator-ca.pem", folder + "nowhere")
                link("aggregator-ca.pem", folder)
            """
        let made = try TestSupport.run(
            "/usr/bin/python3", ["-c", script], currentDirectory: tree.directory.path)
        try #require(made.status == 0, "\(made.stderr)")
        #expect(codes(try await tree.judge([tree.directory.file("a.tar")])) == ["lint/symbolic-link"])
    }

    @Test func anArchiveThatIsCutOff() async throws {
        let tree = try await ZooTree()
        let path = tree.directory.file("a.tar")
        try Zoo.shell("tar -cf a.tar cp1; truncate -s 1124 a.tar", in: tree.directory.path)
        await #expect(throws: NodeError.self) { try await tree.judge([path]) }
        try Zoo.shell("tar -czf a.tar cp1; truncate -s -40 a.tar", in: tree.directory.path)
        do {
            _ = try await tree.judge([path])
            Issue.record("half a file was judged")
        } catch {
            let report = ErrorReport(error)
            #expect(
                report.message.contains("gzip: ") && report.message.contains("end of file"),
                "\(report.message)")
            #expect(report.hint?.contains("gzip -t \(path)") == true)
        }
    }

    // MARK: - Loose files

    @Test func looseFiles() async throws {
        let tree = try await ZooTree()
        try Zoo.shell("mkdir flat; find cp1 -type f -exec cp {} flat ';'", in: tree.directory.path)
        let flat = tree.directory.file("flat")
        #expect(try await tree.judge([flat]).isEmpty)
        // One by one, and only some of them.
        let files = ["kube-apiserver.service", "zz-aggregation.conf", "aggregator.pem"].map {
            "\(flat)/\($0)"
        }
        #expect(try await tree.judge(files).isEmpty)
        let pki = try await Zoo.shared.value.directory.file("pki")
        try Zoo.shell("cp \(pki)/other-leaf.key flat/aggregator-key.pem", in: tree.directory.path)
        #expect(codes(try await tree.judge([flat])) == ["lint/key-mismatch"])
    }

    @Test func threeFilesWithoutAUnit() async throws {
        let tree = try await ZooTree()
        let pki = try await Zoo.shared.value.directory.file("pki")
        func judge(_ names: String...) async throws -> [String] {
            codes(try await tree.judge(names.map { "\(pki)/\($0)" }))
        }
        #expect(try await judge("ca.pem", "ca-leaf.pem", "ca-leaf.key").isEmpty)
        #expect(try await judge("ca-leaf.key", "ca-leaf.pem", "ca.pem").isEmpty)
        #expect(try await judge("other.pem", "ca-leaf.pem", "ca-leaf.key") == ["lint/chain"])
        #expect(try await judge("ca.pem", "ca-leaf.pem", "other-leaf.key") == ["lint/key-mismatch"])
        #expect(try await judge("tutorial.pem", "tutorial-pair.pem", "tutorial-pair.key") == ["lint/no-aki"])
    }

    @Test func aDropInWithoutItsUnitIsOnlyAPart() async throws {
        let tree = try await ZooTree()
        try tree.wait(ZooTree.dropIn)
        #expect(try await tree.judge([tree.root + ZooTree.dropIn]).isEmpty)
        try tree.edit(ZooTree.dropIn, "allowed-names=aggregator", "allowed-names=")
        #expect(codes(try await tree.judge([tree.root + ZooTree.dropIn])) == ["lint/any-name"])
    }

    @Test func whatIsNamedTwiceIsJudgedOnce() async throws {
        let tree = try await ZooTree()
        try tree.chmod(ZooTree.key, 0o644)
        let paths = [tree.root, tree.root + "/", tree.directory.path]
        #expect(try await tree.judge(paths).count == 1)
    }

    @Test func linksAmongLooseFiles() async throws {
        let tree = try await ZooTree()
        let pki = try await Zoo.shared.value.directory.file("pki")
        try Zoo.shell(
            "mkdir flat; ln -s \(pki)/other.pem \(pki)/ca-leaf.pem \(pki)/ca-leaf.key flat",
            in: tree.directory.path)
        #expect(codes(try await tree.judge([tree.directory.file("flat")])) == ["lint/chain"])
    }

    // MARK: - What cannot be judged

    @Test func pathsThatAreNoSetUp() async throws {
        let directory = try TemporaryDirectory()
        func code(_ path: String) async -> String? {
            let request = LintRequest(paths: [path], version: nil, warnSeconds: 0, now: Zoo.now, threads: 1)
            do {
                _ = try await LintRun.judge(request)
                return nil
            } catch {
                return ErrorReport(error).code
            }
        }
        #expect(await code(directory.file("nowhere")) == "usage/no-such-path")
        #expect(await code("") == "usage/empty-path")
        #expect(await code(directory.path) == "usage/nothing-to-judge")
        // What is passed over would look as if it were judged.
        try directory.write("# Read me\n", to: "README.md")
        #expect(await code(directory.path) == "usage/nothing-to-judge")
        #expect(await code(directory.file("README.md")) == "usage/nothing-to-judge")
        try Zoo.shell("mkfifo fifo; truncate -s 10G huge.tar; truncate -s 10G huge", in: directory.path)
        #expect(await code(directory.file("fifo")) == "node/not-regular")
        #expect(await code("/dev/null") == "node/not-regular")
        #expect(await code(directory.file("huge.tar")) == "node/too-large")
        #expect(await code(directory.file("huge")) == "usage/nothing-to-judge")
    }

    /// No bytes of any file end the program.
    @Test func anyBytes() async throws {
        var random = SeededGenerator(seed: 15)
        let tree = try await ZooTree()
        let paths = [ZooTree.ca, ZooTree.certificate, ZooTree.key, ZooTree.dropIn, ZooTree.unit]
        let clean = try paths.map { try Data(contentsOf: URL(fileURLWithPath: tree.root + $0)) }
        for _ in 0..<150 {
            let index = Int.random(in: 0..<paths.count, using: &random)
            var bytes = clean[index]
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) {
                bytes = bytes.prefix(Int.random(in: 0...bytes.count, using: &random))
            }
            let url = URL(fileURLWithPath: tree.root + paths[index])
            try bytes.write(to: url)
            _ = try await tree.judge()
            try clean[index].write(to: url)
        }
        #expect(try await tree.judge().allSatisfy { $0.code == .keyReadable })
    }
}
