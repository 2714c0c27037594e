// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import LocalFiles
@testable import NodeAccess
@testable import OpenSSL
@testable import PKI
@testable import Planning
@testable import Secrets
@testable import StateStore
@testable import Values

/// A state directory that goes into one file, and comes out of it.
@Suite struct StateTransferTests {
    private let cluster: OfflineCluster
    private let passphrase = Array("correct horse".utf8).withUnsafeBytes { SecretBytes(copying: $0) }

    init() throws {
        cluster = try OfflineCluster(
            OfflineCluster.spec(
                #""certificates": { "proxyClient": { "key": { "algorithm": "ecdsa", "size": 256 } } },"#,
                nodes: ["cp1", "cp2"]))
    }

    private func state(_ name: String) -> StateDirectory {
        StateDirectory(path: cluster.directory.file(name), cluster: "demo", passphrase: passphrase)
    }

    private func export() throws -> [UInt8] {
        let state = state("out/.state")
        let lock = try state.lock()
        defer { withExtendedLifetime(lock) {} }
        return try StateExport(state, passphrase: passphrase, now: OfflineCluster.now, workFactor: 4).content
    }

    @discardableResult
    private func take(_ file: [UInt8], _ name: String = "new") throws -> Int {
        try StateImport(state(name), passphrase: passphrase, name: "it.age")
            .perform(file, now: OfflineCluster.now).files
    }

    private func code(_ file: [UInt8], _ name: String = "new") -> String? {
        do {
            _ = try take(file, name)
            return nil
        } catch {
            let report = ErrorReport(error)
            #expect(report.hint != nil, "\(report.message)")
            #expect(!report.message.contains("aggbootstrap-import"), "\(report.message)")
            return report.code
        }
    }

    /// Everything but the lock, by name, mode and content; of the ledger what was there before.
    private func listing(_ name: String) throws -> String {
        let line =
            "cd \(name) && find . ! -name lock -printf '%P %m %y\\n' | sort && find . -type f ! -name lock ! -name ledger.jsonl "
            + "| sort | xargs sha256sum && grep -v ported-state ledger.jsonl"
        let result = try run("bash", ["-c", line], currentDirectory: cluster.directory.path)
        #expect(result.status == 0, "\(result.stderr)")
        return result.stdout
    }

    /// A tar archive of a member list, encrypted as an export is.
    private func archive(_ members: [TarWriter.Member]) throws -> [UInt8] {
        try AgeFile.encrypt(
            TarWriter.archive(members, time: OfflineCluster.now), passphrase: passphrase, workFactor: 4)
    }

    /// An archive that a shell line makes in a copy of the state.
    private func archive(_ line: String) throws -> [UInt8] {
        let script = "rm -rf copy; cp -a out/.state copy; cd copy; \(line)"
        let made = try run("bash", ["-c", script], currentDirectory: cluster.directory.path)
        #expect(made.status == 0, "\(made.stderr)")
        let tar = try #require(try FileReader.readSecret(cluster.directory.file("it.tar"), limit: 1 << 24))
        return try AgeFile.encrypt(tar, passphrase: passphrase, workFactor: 4)
    }

    private func member(_ name: String, _ text: String? = "x") -> TarWriter.Member {
        .init(
            name, mode: 0o777,
            content: text.map { Array($0.utf8).withUnsafeBytes { SecretBytes(copying: $0) } })
    }

    @Test(arguments: [true, false]) func thereAndBack(isEmptyDirectory: Bool) async throws {
        try await cluster.converge()
        try await cluster.converge(at: OfflineCluster.now.advanced(bySeconds: 300 * 86400))
        let ledger = Ledger(state: cluster.state)
        try ledger.append(RotationTerms(keep: "0002-x", retire: ["0001-y"]), now: OfflineCluster.now)
        if isEmptyDirectory {
            try AtomicFileWriter.makeDirectories(cluster.directory.file("new"), mode: 0o755)
        }
        try take(try export())
        #expect(try listing("new") == listing("out/.state"))
        #expect(fileMode(cluster.directory.file("new")) == "700")
        // What is under way goes with it, and who took it where is known on both sides.
        #expect(try Ledger(state: state("new")).openRotation() != nil)
        #expect(try Ledger(state: state("new")).newest(1).map(\.event) == ["imported-state"])
        #expect(try ledger.newest(1).map(\.event) == ["exported-state"])
        let left = try run("find", [cluster.directory.path, "-mindepth", "1", "-name", "*aggbootstrap-*"])
        #expect(left.stdout == "")
    }

    /// Names that are too long for a tar header, and a ledger of many years.
    @Test func longNamesAndMuchText() async throws {
        let name = (["cp"] + Array(repeating: String(repeating: "n", count: 60), count: 3)).joined(
            separator: ".")
        let long = try OfflineCluster(OfflineCluster.spec(nodes: [name]))
        try await long.converge()
        let state = StateDirectory(path: long.directory.file("out/.state"), cluster: "demo")
        let line =
            "{\"time\":\"x\",\"event\":\"test\",\"because\":\"\(String(repeating: "b", count: 900))\"}\n"
        try Data(String(repeating: line, count: 6000).utf8).write(
            to: URL(fileURLWithPath: long.directory.file("more")))
        _ = try run(
            "bash", ["-c", "cat more >>out/.state/ledger.jsonl"], currentDirectory: long.directory.path)
        let export = try StateExport(
            state, passphrase: passphrase, now: OfflineCluster.now, workFactor: 4)
        let new = StateDirectory(path: long.directory.file("new"), cluster: "demo")
        _ = try StateImport(new, passphrase: passphrase, name: "it").perform(
            export.content, now: OfflineCluster.now)
        #expect(try new.inventory().leaves == state.inventory().leaves)
        // tar(1) reads the same names.
        let tar = try AgeFile.decrypt(export.content, passphrase: passphrase, name: "it")
        try AtomicFileWriter.write(long.directory.file("it.tar"), .secret(tar), mode: 0o600)
        let script = "mkdir x && tar xpf it.tar -C x && diff -r --exclude=lock x out/.state"
        let read = try run("bash", ["-c", script], currentDirectory: long.directory.path)
        #expect(read.status == 0 && read.stdout == "" && read.stderr == "", "\(read.stdout)\(read.stderr)")
    }

    /// What `tar c .` makes of a state is taken too, without what was never finished.
    @Test func anArchiveOfTar() async throws {
        try await cluster.converge()
        let file = try archive(
            "touch lock; mkdir ca/.unfinished-0002; touch ca/.unfinished-0002/ca-key.pem; chmod -R a+rwX .; tar cf ../it.tar ."
        )
        try take(file)
        #expect(try listing("new") == listing("out/.state"))
    }

    @Test func thereIsSomethingAlready() async throws {
        try await cluster.converge()
        let file = try export()
        try take(file)
        let before = treeListing(cluster.directory.path).dropFirst()
        #expect(code(file) == "state/import-exists")
        try cluster.directory.write("mine", to: "full/file")
        #expect(code(file, "full") == "state/import-exists")
        try cluster.directory.write("mine", to: "a-file")
        #expect(code(file, "a-file") == "state/not-a-directory")
        _ = try run("rm", ["-r", cluster.directory.file("full"), cluster.directory.file("a-file")])
        #expect(treeListing(cluster.directory.path).dropFirst() == before)
    }

    /// What is no state of this cluster is not put in place, and each reason has its own code.
    @Test(arguments: [
        ("tar cf ../it.tar --transform 's,^cluster,../cluster,' *", "archive/path"),
        ("tar cPf ../it.tar /etc/hostname", "archive/path"),
        ("ln -s /etc/passwd ca/x; tar cf ../it.tar *", "archive/kind"),
        ("ln cluster ca/x; tar cf ../it.tar *", "archive/kind"),
        ("mkfifo rollback; tar cf ../it.tar *", "archive/kind"),
        ("tar cf ../it.tar *; tar rf ../it.tar cluster", "archive/duplicate"),
        ("echo x >more; tar cf ../it.tar *", "archive/unknown-member"),
        ("mkdir -p ca/a/b/c/d/e; tar cf ../it.tar *", "archive/path"),
        ("rm cluster; tar cf ../it.tar *", "archive/no-state"),
        ("echo other >cluster; tar cf ../it.tar *", "archive/other-cluster"),
        ("tar cf ../it.tar *; truncate -s -9000 ../it.tar", "archive/not-tar"),
        ("echo text >../it.tar", "archive/not-tar"),
        ("echo '{}' >>ledger.jsonl; tar cf ../it.tar *", "archive/no-state"),
        ("cp leaves/cp1/0001/key.pem leaves/cp2/0001/key.pem; tar cf ../it.tar *", "archive/no-state"),
        ("cp leaves/cp1/0001/key.pem ca/*/ca-key.pem; tar cf ../it.tar *", "archive/no-state"),
        ("rm leaves/cp1/0001/certificate.pem; tar cf ../it.tar *", "archive/no-state"),
        ("echo sideways >rollback; tar cf ../it.tar *", "archive/no-state"),
        (
            "mkdir retired; cp leaves/cp1/0001/certificate.pem leaves/cp2/0001/key.pem retired; tar cf ../it.tar *",
            "archive/no-state"
        ),
    ])
    func hostileArchives(line: String, code: String) async throws {
        try await cluster.converge()
        let file = try archive(line)
        let before = treeListing(cluster.directory.path).dropFirst()
        #expect(self.code(file) == code, "\(line)")
        #expect(treeListing(cluster.directory.path).dropFirst() == before)
    }

    @Test func aFileThatIsADirectoryToo() throws {
        let file = try archive([member("cluster", "demo\n"), member("ca"), member("ca/x/ca.pem")])
        #expect(code(file) == "archive/duplicate")
        #expect(code([UInt8]("hello".utf8)) == "archive/not-age")
    }

    /// The keys of the state have a passphrase of their own: the export must have the same.
    @Test func encryptedKeys() async throws {
        try await cluster.converge()
        let state = state("out/.state")
        let names = try state.inventory().plainKeys
        try state.encrypt(names)
        try take(try export())
        #expect(try state.inventory().encryptedKeys == self.state("new").inventory().encryptedKeys)
        #expect(try self.state("new").issuedKey(names[0]).count > 0)
        let other = Array("another".utf8).withUnsafeBytes { SecretBytes(copying: $0) }
        let tar = try AgeFile.decrypt(export(), passphrase: passphrase, name: "it")
        let file = try AgeFile.encrypt(tar, passphrase: other, workFactor: 4)
        let error = #expect(throws: BootstrapError.self) {
            try StateImport(
                StateDirectory(path: cluster.directory.file("third"), cluster: "demo", passphrase: other),
                passphrase: other, name: "it.age"
            ).perform(file, now: OfflineCluster.now)
        }
        #expect(error?.code == "archive/key-passphrase")
        let wrong = StateDirectory(
            path: cluster.directory.file("out/.state"), cluster: "demo", passphrase: other)
        #expect(throws: PKIError.self) {
            try StateExport(wrong, passphrase: other, now: OfflineCluster.now, workFactor: 4)
        }
    }

    /// A state that is damaged leaves as no export: its user would find out too late.
    @Test(arguments: [
        "cp leaves/cp1/0001/key.pem leaves/cp2/0001/key.pem", "echo '{}' >>ledger.jsonl",
        "ln -s x leaves/cp1/0001/more",
    ])
    func aDamagedState(line: String) async throws {
        try await cluster.converge()
        _ = try run("bash", ["-c", line], currentDirectory: cluster.state.path)
        let error = #expect(throws: BootstrapError.self) { try export() }
        #expect(error?.code == "state/damaged")
    }

    /// What a killed import left beside its place is gone with the next one, whatever it was.
    @Test func whatAKilledImportLeft() async throws {
        try await cluster.converge()
        let file = try export()
        try cluster.directory.write("half", to: ".new.aggbootstrap-import/ca/0001/ca-key.pem")
        try cluster.directory.write("half", to: ".new.aggbootstrap-import/lock")
        try take(file)
        #expect(try listing("new") == listing("out/.state"))
        #expect(fileMode(cluster.directory.file(".new.aggbootstrap-import")) == "missing")
    }
}
