// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import ControlPlane
@testable import LocalFiles
@testable import NodeAccess
@testable import Values

@Suite struct NodeTransactionTests {
    private static let unit = "kube-apiserver.service"
    private static let digests = ["/etc/a path/with spaces": "aa", "/etc/b": "bb"]
    private static let paths = ["/etc/ca", "/etc/key", "/etc/new", "/etc/sub/deep"]
    private let directory: TemporaryDirectory
    private let node: any NodeTransport
    private let now = UnixTime(seconds: 1_700_000_000)

    init() throws {
        directory = try TemporaryDirectory()
        node = LocalTransport(root: NodeRoot(prefix: directory.path))
        try directory.write("old ca", to: "etc/ca")
        try directory.write("old key", to: "etc/key")
        chmod(directory.file("etc/ca"), 0o644)
        chmod(directory.file("etc/key"), 0o640)
        if geteuid() == 0 { chown(directory.file("etc/key"), 0, 4711) }
    }

    private var store: String { directory.file("var/lib/aggbootstrap-node/\(Self.unit)") }

    private func begin(_ paths: [String] = paths, wasServing: Bool = true, at now: UnixTime? = nil) throws
        -> NodeTransaction
    {
        try NodeTransaction.begin(
            unit: Self.unit, paths: paths, madeDirectories: ["/etc/sub"], wasServing: wasServing,
            baseDigests: Self.digests, now: now ?? self.now, on: node)
    }

    private func open() throws -> NodeTransaction? { try NodeTransaction.open(unit: Self.unit, on: node) }

    /// The node's files: names, owners, modes and content.
    private func files() throws -> String {
        try run(
            "bash", ["-c", "find etc -exec stat -c '%n %a %u:%g' {} + -type f -exec sha256sum {} + | sort"],
            currentDirectory: directory.path
        ).stdout
    }

    private func change(_ text: String) throws {
        for path in Self.paths { try directory.write("\(text) \(path)", to: String(path.dropFirst())) }
        chmod(directory.file("etc/key"), 0o600)
        try directory.write("prepared", to: "etc/.ca.aggbootstrap-tmp")
    }

    @Test func whatIsOpenIsReadBack() throws {
        #expect(try open() == nil)
        let transaction = try begin()
        let found = try #require(try open())
        #expect(found.startedAt == now && found.wasServing && found.baseDigests == Self.digests)
        #expect(found.entries == transaction.entries && found.madeDirectories == ["/etc/sub"])
        #expect(found.entries.map(\.path) == Self.paths)
        #expect(found.entries.map { $0.before?.mode } == [0o644, 0o640, nil, nil])
        #expect(fileMode(store) == "700")
        for name in try FileReader.list("\(store)/transaction") {
            #expect(fileMode("\(store)/transaction/\(name)") == "600")
        }
        // Copies, not links to the files themselves.
        var status = stat()
        #expect(stat(directory.file("etc/key"), &status) == 0 && status.st_nlink == 1)
    }

    @Test func puttingBack() throws {
        let before = try files()
        let inode = try FileStatus.of(directory.file("etc/ca"))?.inode
        let transaction = try begin()
        try transaction.restore(unit: Self.unit)
        #expect(try FileStatus.of(directory.file("etc/ca"))?.inode == inode)
        try change("new")
        for _ in 0..<2 {
            try transaction.restore(unit: Self.unit)
            #expect(try files() == before)
        }
        try transaction.drop(unit: Self.unit)
        #expect(try open() == nil)
        #expect(try FileReader.list(directory.file("var/lib")) == [])
    }

    /// All copies at once, there and back: over ssh a step is a request, and the renames have nothing in between.
    @Test func copiesAreOneStep() throws {
        let journal = Journal()
        let counting = JournaledNode(directory.path, journal)
        let transaction = try NodeTransaction.begin(
            unit: Self.unit, paths: Self.paths, madeDirectories: ["/etc/sub"], wasServing: true,
            baseDigests: [:], now: now, on: counting)
        func requests() -> [String] {
            let all = journal.newSteps()
            return all.filter { ["copy", "stage", "rename"].contains($0.prefix { $0 != " " }) }
        }
        #expect(requests() == ["copy 2", "stage manifest", "rename 0 1 manifest"])
        try change("new")
        try transaction.restore(unit: Self.unit)
        let names = Self.paths.prefix(2).map { AtomicFileWriter.split($0).name }.joined(separator: " ")
        #expect(requests() == ["copy 2", "rename \(names), remove 2"])
    }

    /// Where one copy is gone, no file is put back beside one that is not.
    @Test func allOrNothingIsPutBack() throws {
        let transaction = try begin()
        try change("new")
        let before = try files()
        try FileManager.default.removeItem(atPath: "\(store)/transaction/1")
        #expect(throws: BootstrapError.self) { try transaction.restore(unit: Self.unit) }
        let prepared = "etc/.ca.aggbootstrap-tmp"
        #expect(
            try files().split(separator: "\n")
                == before.split(separator: "\n").filter { !$0.contains(prepared) })
    }

    @Test func closing() throws {
        for (text, previous) in [("first", "old ca"), ("second", "first /etc/ca")] {
            let transaction = try begin()
            try change(text)
            try transaction.close(unit: Self.unit)
            #expect(try open() == nil)
            #expect(try FileReader.list(store) == ["previous"])
            #expect(
                try FileReader.read("\(store)/previous/0").map { String(decoding: $0, as: UTF8.self) }
                    == previous)
            #expect(try FileReader.list(directory.file("etc")) == ["ca", "key", "new", "sub"])
        }
    }

    /// A second run over an interrupted one keeps the first copies: they are of the state that worked.
    @Test func beginningAgain() throws {
        let before = try files()
        _ = try begin(["/etc/ca", "/etc/new"])
        try directory.write("half", to: "etc/ca")
        try directory.write("half", to: "etc/new")
        let second = try begin(wasServing: false, at: now.advanced(bySeconds: 60))
        #expect(second.startedAt == now && second.wasServing)
        #expect(second.entries.map(\.path) == ["/etc/ca", "/etc/new", "/etc/key", "/etc/sub/deep"])
        try change("new")
        let found = try #require(try open())
        try found.restore(unit: Self.unit)
        #expect(try files() == before)
        try found.drop(unit: Self.unit)
    }

    /// What a kill between two steps of `begin`, `close` or `drop` leaves, as shell lines in the store.
    static let crashes = [
        "true", "cp -r transaction transaction.unfinished; rm transaction.unfinished/manifest",
        "cp -r transaction transaction.unfinished", "mv transaction transaction.replaced",
        "cp -r transaction transaction.unfinished; mv transaction transaction.replaced",
        "cp -r transaction transaction.replaced",
        "cp -r transaction transaction.replaced; rm transaction.replaced/0",
        "cp -r transaction previous; rm previous/manifest", "mkdir transaction.unfinished",
        "cp -r transaction x; mv x/manifest transaction/.manifest.aggbootstrap-tmp; rm -r x",
    ]

    @Test(arguments: crashes) func killedInBetween(crash: String) throws {
        let before = try files()
        _ = try begin()
        try change("half")
        #expect(try run("bash", ["-c", crash], currentDirectory: store).status == 0)
        let found = try #require(try open())
        #expect(found.wasServing && found.entries.map(\.path) == Self.paths)
        let again = try begin(["/etc/ca"], wasServing: false)
        try change("new")
        try again.restore(unit: Self.unit)
        #expect(try files() == before)
        try again.drop(unit: Self.unit)
        #expect(try open() == nil)
        // `previous` is the last good state of an earlier change; everything else is gone.
        let left = try FileReader.list(store)
        #expect(left.isEmpty || left == ["previous"], "\(left)")
    }

    @Test(arguments: crashes) func killedInBetweenThenClosed(crash: String) throws {
        _ = try begin()
        try change("half")
        #expect(try run("bash", ["-c", crash], currentDirectory: store).status == 0)
        let again = try begin()
        try change("new")
        try again.close(unit: Self.unit)
        #expect(try open() == nil)
        #expect(try FileReader.list(store) == ["previous"])
        #expect(try FileReader.read("\(store)/previous/0") == Array("old ca".utf8))
    }

    /// A copy that is gone is not taken for a file that was not there, which putting back would remove.
    @Test func aCopyIsGone() throws {
        _ = try begin()
        try change("half")
        try FileManager.default.removeItem(atPath: "\(store)/transaction/0")
        let error = #expect(throws: BootstrapError.self) { try begin() }
        #expect(error?.code == "node/backup-missing" && error?.message.contains("/etc/ca") == true)
        let restoring = #expect(throws: BootstrapError.self) { try open()?.restore(unit: Self.unit) }
        #expect(restoring?.code == "node/backup-missing")
        #expect(try FileReader.read(directory.file("etc/ca")) == Array("half /etc/ca".utf8))
        #expect(try open() != nil)
    }

    @Test(arguments: [
        "", "aggbootstrap-transaction 1\n", "other 1\nend\n",
        "aggbootstrap-transaction 1\nfile 0 600 0 0\nend\n",
        "aggbootstrap-transaction 1\nfile 0 9 0 0 /etc/ca\nend\n",
        "aggbootstrap-transaction 1\nodd thing\nend\n",
    ])
    func aDamagedRecord(text: String) throws {
        _ = try begin()
        try text.write(toFile: "\(store)/transaction/manifest", atomically: false, encoding: .utf8)
        let error = #expect(throws: BootstrapError.self) { try open() }
        #expect(error?.code == "node/transaction-damaged")
        #expect(throws: BootstrapError.self) { try begin() }
        #expect(try FileReader.read("\(store)/transaction/0") == Array("old ca".utf8))
    }
}
